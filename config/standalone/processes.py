"""Child processes that never outlive the supervisor, whatever kills it."""

import ctypes
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class CannotStart(Exception):
    """Something stands in the way; the text is a plain sentence for the person at the terminal."""


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path,
    death_signal: int = signal.SIGTERM,
    user: int | None = None,
    environment: Mapping[str, str] | None = None,
    cwd: str | Path = "/",
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own that gets `death_signal` when this process dies."""
    parent = os.getpid()
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(word) for word in command],
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            cwd=str(cwd),
            env=dict(environment) if environment is not None else None,
            user=user,
            group=user,
            extra_groups=[] if user is not None else None,
            preexec_fn=_bound_to(parent, death_signal),
        )


def _bound_to(parent: int, death_signal: int) -> Callable[[], None]:
    def prepare() -> None:
        os.setsid()
        _libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


IN_USE = "Address already in use"
"""What a server says that cannot have its port."""


def free_port(preferred: int = 0) -> int:
    """Return `preferred` when nobody listens there, else a port that is free now."""
    for port in (preferred, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise CannotStart("No free port was found on 127.0.0.1.")


def tail(log: Path, lines: int = 8) -> str:
    """Return the last lines of a log."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def stop(child: subprocess.Popen[bytes], *, how: int, patience_s: float) -> None:
    """Ask a child to end, and end its whole session when it does not."""
    if child.poll() is None:
        child.send_signal(how)
        try:
            child.wait(patience_s)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait(10)
