"""Scripts: real Python with packages and files, run in the strongest place that this instance has, and nowhere else."""

import base64
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache

import orjson

from apps.agents.sandbox.base import NoSandbox, ProgramFailed, Script, ScriptEnded, ScriptLimits, Tier
from apps.agents.sandbox.bubblewrap import Bubblewrap
from apps.agents.sandbox.container import Container

USUAL = ScriptLimits()
GRACE_S = 10.0
PROBE_S = 5.0
_STOPPED = {"time": "took more than {0.seconds:g} seconds", "memory": "took more than {1} MB of memory"}


def run(tier: Tier | None, script: Script, limits: ScriptLimits = USUAL) -> ScriptEnded:
    """Run a script in a tier, and return how it ended and what it wrote.

    Raises NoSandbox where there is no tier, and ProgramFailed with what the script was stopped for.
    """
    command = tier.command(limits) if tier else None
    if tier is None or command is None:
        raise NoSandbox("This instance has no sandbox for scripts. Whoever runs it can set one up.")
    if sum(map(len, script.files.values())) > limits.disk // 2:
        raise ProgramFailed(f"The files are too large together: at most {limits.disk >> 21} MB.")
    with tempfile.TemporaryFile() as answer:
        _run(tier, command, _told(script, limits), answer.fileno(), limits)
        answer.seek(0)
        return _ended(answer.read(2 * (limits.output * 4 + limits.files)), limits)


@cache
def tier_of(image: str, runtime: str) -> Tier | None:
    """Return where scripts run on this instance, found out by running one, once a process; None: nowhere.

    An operator who names an image gets containers or nothing: never a weaker place without being told.
    """
    tier: Tier = Container(image, runtime) if image else Bubblewrap()
    return tier if works(tier) else None


def works(tier: Tier) -> bool:
    """Say whether a tier runs here, by running something in it."""
    try:
        ended = run(tier, Script({"main.py": b"print(6 * 7)"}, ("main.py",)), ScriptLimits(seconds=PROBE_S))
    except (ProgramFailed, OSError, subprocess.SubprocessError):
        return False
    return (ended.status, ended.output.strip()) == (0, "42")


def _told(script: Script, limits: ScriptLimits) -> bytes:
    return orjson.dumps(
        {
            "files": {name: base64.b64encode(data).decode() for name, data in script.files.items()},
            "arguments": list(script.arguments),
            "wanted": list(script.wanted),
            "seconds": limits.seconds,
            "memory": limits.memory,
            "processes": limits.processes,
            "output": limits.output,
            "most_files": limits.files,
        }
    )


def _run(tier: Tier, command: list[str], told: bytes, answer: int, limits: ScriptLimits) -> None:
    """Run a command with what it is told. Raises ProgramFailed when it has not stopped itself in time."""
    child = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=answer,
        stderr=subprocess.DEVNULL,
        env=tier.environment(),
        cwd="/",
        start_new_session=True,
    )
    try:
        child.communicate(told, timeout=limits.seconds + GRACE_S)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait(GRACE_S)
        tier.stop(command)
        raise ProgramFailed(_sentence("time", limits)) from None


def _ended(told: bytes, limits: ScriptLimits) -> ScriptEnded:
    """Read what came out. Whoever is inside may have written it, so it is taken for what it says and no more. Raises ProgramFailed."""
    try:
        answer = orjson.loads(told)
        stopped, files = answer["stopped"], answer["files"]
        ended = ScriptEnded(int(answer["status"]), str(answer["output"]), _decoded(files))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProgramFailed("The script brought its sandbox down.") from error
    if stopped in _STOPPED:
        raise ProgramFailed(_sentence(stopped, limits))
    return ended


def _decoded(files: Mapping[str, str]) -> dict[str, bytes]:
    return {str(name): base64.b64decode(data, validate=True) for name, data in files.items()}


def _sentence(stopped: str, limits: ScriptLimits) -> str:
    return f"The script {_STOPPED[stopped].format(limits, limits.memory >> 20)} and was stopped."
