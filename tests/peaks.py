"""What the readers of documents hold in memory, seen from outside while they work."""

import threading
from contextlib import contextmanager
from pathlib import Path


EVERY_S = 0.02
READERS = b"/knowledge/parsers/"


class Peak:
    """The most that a reader below one process has held so far, in bytes.

    Not `RUSAGE_CHILDREN`: it counts every child since a process began, and what a child held before it became another program.
    """

    def __init__(self, above):
        self.above, self.bytes = above, 0

    def look(self):
        for process in Path("/proc").glob("[0-9]*"):
            self.bytes = max(self.bytes, self._held_by(process))

    def _held_by(self, process):
        try:
            if READERS not in (process / "cmdline").read_bytes() or self.above not in _ancestors(process):
                return 0
            return int(_status(process).get("VmHWM", "0").split()[0]) << 10
        except OSError:  # it has ended
            return 0


def _ancestors(process):
    """Return the parent and the grandparent of a process: a worker's own children read, or theirs do."""
    parent = _status(process)["PPid"]
    return int(parent), int(_status(process.parent / parent)["PPid"])


def _status(process):
    lines = (process / "status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


@contextmanager
def peak_of_readers(above):
    """Watch the readers below the process `above`, and yield their Peak."""
    peak, is_over = Peak(above), threading.Event()

    def watch():
        while not is_over.wait(EVERY_S):
            peak.look()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        is_over.set()
        watcher.join()
