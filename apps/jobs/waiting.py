"""How a job that has many things done ends or waits: decided inside the checkpoint, so that what ends meanwhile is not missed.

Whoever tells such a job that a thing has ended locks what these callbacks lock: it finds the job waiting then, or is seen by them.
"""

from collections.abc import Callable
from datetime import datetime

from apps.jobs import engine
from apps.jobs.models import Job
from apps.jobs.types import Claim


class _Changed(Exception):
    """There is more to do than it seemed."""


def ended(claim: Claim, end: Callable[[], bool]) -> bool:
    """End a job: `end` writes down what that means, or returns False when there is more to do by now, and so does this."""
    try:
        with engine.settlement(claim, Job.State.SUCCEEDED):
            _require(end())
    except _Changed:
        return False
    return True


def parked(claim: Claim, *, until: datetime, is_idle: Callable[[], bool]) -> bool:
    """Have a job wait, until it is resumed or until then; False when `is_idle` says that there is something to do by now."""
    try:
        with engine.parking(claim, until=until):
            _require(is_idle())
    except _Changed:
        return False
    return True


def _require(is_so: bool) -> None:
    if not is_so:
        raise _Changed
