"""Which code does which kind of job; each app registers its handlers at start."""

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


def register(kind: str, handler: Handler) -> None:
    """Bind a kind of job to its handler. Raises ValueError for a kind that is taken."""
    if kind in _handlers:
        raise ValueError(f"The job kind {kind} has a handler already.")
    _handlers[kind] = handler


def handler_for(kind: str) -> Handler:
    """Return the handler of a kind. Raises KeyError when no app registered one."""
    return _handlers[kind]
