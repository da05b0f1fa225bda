"""The tier of scripts for a host that allows it: a process that bubblewrap shuts in, with no daemon.

It sees the interpreter and its packages, read-only, and a folder in memory; nothing else of the host: no network, no other process,
no environment, no capability. Walls: its own namespaces of everything, a user that owns nothing. Source:
https://github.com/containers/bubblewrap (version 0.8 and later, for `--disable-userns`).
"""

import os
import shutil
import sys
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from random import SystemRandom

from apps.agents.sandbox.base import ScriptLimits

WORK = "/sandbox"  # a place of its own: Guildhall itself may lie below /tmp
OWN_UIDS = range(300_000, 360_000)
_OWN = ("--dir", "/tmp")  # noqa: S108  where bubblewrap itself begins
_LINKS = (("usr/bin", "/bin"), ("usr/lib", "/lib"), ("usr/lib64", "/lib64"))
_INSIDE = Path(__file__).with_name("inside.py")


class Bubblewrap:
    """Scripts shut in by bubblewrap, on this host."""

    name = "bubblewrap"

    def command(self, limits: ScriptLimits) -> list[str] | None:
        """Return the command that runs `inside.py` shut in.

        A worker that is root first shows what may be seen to a user of the script's own, who then shuts himself in: the number of
        root's processes cannot be bounded, and root's interpreter may lie where nobody else can look.
        """
        program = shutil.which("bwrap")
        if program is None:
            return None
        inside = [*_walls(), *_folder(limits), "--", sys.executable, "-I", str(_INSIDE)]
        if os.geteuid() != 0:
            return [program, *_seen(), *inside]
        own = str(SystemRandom().choice(OWN_UIDS))
        shows = ["--die-with-parent", *_seen(), "--bind", "/proc", "/proc", "--dev", "/dev", "--dir", WORK, *_OWN, "--"]
        becomes = ["/usr/bin/setpriv", "--reuid", own, "--regid", own, "--clear-groups", "--no-new-privs", "--"]
        return [program, *shows, *becomes, program, "--ro-bind", "/", "/", *inside]

    def environment(self) -> Mapping[str, str]:
        return {}

    def stop(self, command: list[str]) -> None:
        """Nothing is left of a script: it dies with the process that ran its command."""


def _seen() -> list[str]:
    """What is seen of the host: the system's programs, the interpreter and its packages, the program inside; folders on the way are empty."""
    paths = sorted({"/usr", sys.base_prefix, sys.prefix, str(_INSIDE)})
    ways = sorted({str(way) for path in paths for way in Path(path).parents if str(way) != "/"})
    return [
        *chain.from_iterable(("--perms", "0755", "--dir", way) for way in ways),
        *chain.from_iterable(("--ro-bind", path, path) for path in paths),
        *chain.from_iterable(("--symlink", target, link) for target, link in _LINKS if Path(f"/{target}").exists()),
    ]


def _walls() -> list[str]:
    return [
        *("--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session", "--as-pid-1"),
        *("--cap-drop", "ALL", "--uid", "65534", "--gid", "65534", "--hostname", "sandbox", "--clearenv"),
    ]


def _folder(limits: ScriptLimits) -> list[str]:
    variables = {"HOME": WORK, "TMPDIR": WORK, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"}
    return [
        *("--proc", "/proc", "--dev", "/dev", "--size", str(limits.disk), "--tmpfs", WORK, "--chdir", WORK),
        *chain.from_iterable(("--setenv", name, value) for name, value in variables.items()),
    ]
