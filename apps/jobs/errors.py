"""Reasons for a worker to let go of a job."""


class LostLease(Exception):
    """Another worker owns the job now; whatever this one has done since is thrown away."""


class JobCancelled(Exception):
    """Somebody asked for the job to end."""


class RetryLater(Exception):
    """The step failed in a way that may pass: the job goes back to the queue."""

    def __init__(self, reason: str, *, delay_s: float) -> None:
        super().__init__(reason)
        self.reason = reason
        self.delay_s = delay_s


class TurnOver(Exception):
    """The job has had its turn: it is queued again, and not ours before the next one."""
