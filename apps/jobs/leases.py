"""One thread a worker process that keeps all its leases alive and hears of cancellations.

It has a connection of its own, so a busy pool cannot stop it. Liveness is not progress: a saturated worker keeps
its leases; a frozen or dead one loses them.
"""

import threading
import time
from typing import Any
from uuid import UUID

import psycopg
import structlog
from django.conf import settings
from django.db import connection

from apps.jobs.types import Claim

log = structlog.get_logger(__name__)
TICK_S = 0.5
FAILURES_ALLOWED = 2

_HELD = """
    SELECT j.id FROM jobs_job j JOIN unnest(%s::uuid[], %s::bigint[]) AS held(id, fence) ON j.id = held.id
    WHERE j.fence = held.fence AND j.state = 'running'
"""
# A job whose row is locked is in a checkpoint, which may wait for others and renews the lease itself at its end: the rest must not wait for it.
_RENEW = f"""
    UPDATE jobs_job SET lease_until = now() + make_interval(secs => %s)
    WHERE id IN ({_HELD} FOR UPDATE OF j SKIP LOCKED)
"""
_CANCELLED = "SELECT id FROM jobs_job WHERE id = ANY(%s) AND cancel_requested"


class LeaseKeeper:
    """Holds the claims of this process."""

    def __init__(self) -> None:
        self._claims: dict[UUID, Claim] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._connection: psycopg.Connection | None = None
        self._failures = 0

    def hold(self, claim: Claim) -> None:
        """Keep a claim alive until drop()."""
        with self._lock:
            self._claims[claim.job_id] = claim
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._keep, name="leases", daemon=True)
                self._thread.start()

    def drop(self, claim: Claim) -> None:
        """Stop keeping a claim."""
        with self._lock:
            self._claims.pop(claim.job_id, None)

    def _keep(self) -> None:
        renewed_at = time.monotonic()
        while True:
            time.sleep(TICK_S)
            with self._lock:
                held = list(self._claims.values())
            if not held:
                renewed_at = time.monotonic()
                continue
            try:
                self._hear_cancellations(held)
                if time.monotonic() - renewed_at >= settings.JOB_HEARTBEAT_S:
                    renewed_at = time.monotonic()
                    self._renew(held)
            except psycopg.Error as error:
                self._note_failure(held, error)

    def _hear_cancellations(self, held: list[Claim]) -> None:
        cancelled = {row[0] for row in self._cursor().execute(_CANCELLED, [[c.job_id for c in held]])}
        for claim in held:
            if claim.job_id in cancelled:
                claim.cancelled.set()

    def _renew(self, held: list[Claim]) -> None:
        places: list[Any] = [[c.job_id for c in held], [c.fence for c in held]]
        self._cursor().execute(_RENEW, [settings.JOB_LEASE_S, *places])
        kept = {row[0] for row in self._cursor().execute(_HELD, places)}
        self._failures = 0
        for claim in held:
            if claim.job_id not in kept:
                claim.lost.set()

    def _note_failure(self, held: list[Claim], error: psycopg.Error) -> None:
        log.warning("lease_renewal_failed", error=type(error).__name__)
        self._connection = None
        self._failures += 1
        if self._failures * TICK_S >= FAILURES_ALLOWED * settings.JOB_HEARTBEAT_S:
            for claim in held:
                claim.lost.set()

    def _cursor(self) -> psycopg.Connection:
        if self._connection is None or self._connection.closed:
            parameters = connection.get_connection_params()
            wanted = {k: v for k, v in parameters.items() if k in {"dbname", "user", "password", "host", "port"}}
            self._connection = psycopg.connect(
                **wanted, autocommit=True, connect_timeout=5, options="-c search_path=public"
            )
        return self._connection


keeper = LeaseKeeper()
