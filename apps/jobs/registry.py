"""Which code does which kind of job; each app registers its handlers at start."""

from collections.abc import Callable
from threading import Lock
from typing import Protocol

from apps.jobs.types import Claim


class Handler(Protocol):
    """The worker side of a kind of job. Each method runs inside the job's tenant."""

    def work(self, claim: Claim) -> None:
        """Do the job, step by step, each step ended by engine.checkpoint()."""

    def cancel(self, claim: Claim) -> None:
        """Store that the object was cancelled; runs inside the checkpoint that ends the job."""

    def bury(self, claim: Claim, reason: str) -> None:
        """Store that the job was given up; runs inside the checkpoint that ends the job."""


_handlers: dict[str, Handler] = {}
_preparations: list[tuple[str, Callable[[], None]]] = []
_nightly: list[Callable[[], object]] = []
_preparing = Lock()


def register(kind: str, handler: Handler) -> None:
    """Bind a kind of job to its handler. Raises ValueError for a kind that is taken."""
    if kind in _handlers:
        raise ValueError(f"The job kind {kind} has a handler already.")
    _handlers[kind] = handler


def handler_for(kind: str) -> Handler:
    """Return the handler of a kind. Raises KeyError when no app registered one."""
    return _handlers[kind]


def nightly(work: Callable[[], object]) -> None:
    """Have beat do this each night, inside every tenant and in public; it must bear being done again or left out."""
    _nightly.append(work)


def nightly_work() -> list[Callable[[], object]]:
    """Return what is done each night, in the order in which apps asked for it."""
    return list(_nightly)


def before_first_job(prepare: Callable[[], None], *, queue: str = "") -> None:
    """Have a worker's process do this, once, before it claims anything (of one queue, or of any): load what is slow to load."""
    _preparations.append((queue, prepare))


def prepare(queue: str) -> None:
    """Do what is left of the preparations for a queue; the process's other threads wait for it."""
    with _preparing:
        for entry in [entry for entry in _preparations if entry[0] in ("", queue)]:
            _preparations.remove(entry)
            entry[1]()
