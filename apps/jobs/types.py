"""Values that workers hold while they work."""

import threading
from dataclasses import dataclass, field
from uuid import UUID

from apps.jobs.errors import JobCancelled, LostLease

AGENTS = "agents"
DOCUMENTS = "documents"


@dataclass(frozen=True)
class Claim:
    """A job in the hands of this worker, valid while its fence is the newest."""

    job_id: UUID
    tenant_id: UUID
    kind: str
    queue: str
    object_id: UUID
    fence: int
    deaths: int
    attempts: int
    correlation_id: str = ""  # of the request that asked for it, or of the one that led to that
    lost: threading.Event = field(default_factory=threading.Event, compare=False)
    cancelled: threading.Event = field(default_factory=threading.Event, compare=False)

    def ensure_held(self) -> None:
        """Raise LostLease or JobCancelled when this worker should start no further step."""
        if self.lost.is_set():
            raise LostLease
        if self.cancelled.is_set():
            raise JobCancelled
