"""The first process in the place where a script is run: lays out its files, runs it, stops it, tells how it ended. Never imported.

Told on standard input, as JSON: `files` (name: base64), `arguments` of Python, `wanted` names, and the limits `seconds`, `memory`,
`processes`, `output`, `most_files` (bytes). Tells on standard output: `status`, `output`, `files`, and `stopped` ("", "time", "memory").
As process 1 it can be neither killed nor stopped from within, and whatever is left dies with it.
"""

import base64
import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any

LOOK_EVERY_S = 0.05
PR_SET_DUMPABLE = 4
PAGE = resource.getpagesize()


def main() -> None:
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)  # nor can it be looked into
    told = json.load(sys.stdin)
    for name, data in told["files"].items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(data))
    script = subprocess.Popen(
        [sys.executable, *told["arguments"]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=lambda: limit(told),
    )
    assert script.stdout is not None
    printed = Printed(script.stdout, told["output"])
    stopped = watch(script, told)
    kill_the_rest()
    printed.join(1)
    answer = {"status": script.wait(), "stopped": stopped, "output": printed.text(), "files": wanted_files(told)}
    sys.stdout.write(json.dumps(answer))
    sys.stdout.flush()


def limit(told: dict[str, Any]) -> None:
    """Bound the script itself: each of its processes by memory, all of them by number."""
    for which, value in (
        (resource.RLIMIT_AS, told["memory"]),
        (resource.RLIMIT_NPROC, told["processes"]),
        (resource.RLIMIT_NOFILE, 256),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(which, (value, value))


def watch(script: subprocess.Popen[bytes], told: dict[str, Any]) -> str:
    """Wait until the script ends, or its time or memory is over; return what is over."""
    ends_at = time.monotonic() + told["seconds"]
    while script.poll() is None:
        if time.monotonic() > ends_at:
            return "time"
        if held() > told["memory"]:
            return "memory"
        time.sleep(LOOK_EVERY_S)
    return ""


def held() -> int:
    """Return the bytes of memory that all processes here but this one hold together."""
    pages = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            pages += int((process / "statm").read_text().split()[1]) if process.name != str(os.getpid()) else 0
        except OSError:  # it has ended
            continue
    return pages * PAGE


def kill_the_rest() -> None:
    """End every other process here, however many there are."""
    for _ in range(20):
        try:
            os.kill(-1, signal.SIGKILL)
        except ProcessLookupError:
            return
        time.sleep(0.01)


class Printed(threading.Thread):
    """What a script prints, read to its end and kept up to a bound."""

    def __init__(self, stream: IO[bytes], most: int) -> None:
        super().__init__(daemon=True)
        self.descriptor, self.most, self.kept, self.has_more = stream.fileno(), most, b"", False
        self.start()

    def run(self) -> None:
        while part := os.read(self.descriptor, 65_536):
            room = self.most - len(self.kept)
            self.has_more = self.has_more or len(part) > room
            self.kept += part[:room]

    def text(self) -> str:
        return self.kept.decode(errors="replace") + ("\n[cut]" if self.has_more else "")


def wanted_files(told: dict[str, Any]) -> dict[str, str]:
    """Return the wanted files that there are, in base64, as many as may come back together."""
    room, found = int(told["most_files"]), {}
    for name in told["wanted"]:
        path = Path(name)
        if path.is_file() and not path.is_symlink() and path.stat().st_size <= room:
            data = path.read_bytes()
            room -= len(data)
            found[name] = base64.b64encode(data).decode()
    return found


if __name__ == "__main__":
    main()
