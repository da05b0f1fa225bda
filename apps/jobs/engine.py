"""The statements that make jobs durable: claim fairly, checkpoint under a fence, settle.

Times are the database's own (`statement_timestamp()`); a lease is renewed by apps.jobs.leases. Lock order everywhere: the tenant's
queue row, then the job row, then rows of the tenant.
"""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from apps.core.tenancy import public_context
from apps.jobs.errors import JobCancelled, LostLease
from apps.jobs.models import Job
from apps.jobs.types import Claim

_DUE = "((j.state = 'queued' AND j.not_before <= statement_timestamp()) OR (j.state = 'running' AND j.lease_until < statement_timestamp()))"

_PICK_TENANT = f"""
    SELECT q.id, q.tenant_id
    FROM jobs_tenantqueue q
    CROSS JOIN LATERAL (
        SELECT count(*) AS running FROM jobs_job j
        WHERE j.queue = q.queue AND j.tenant_id = q.tenant_id AND j.state = 'running' AND j.lease_until >= statement_timestamp()
    ) busy
    WHERE q.queue = %s AND busy.running < q.cap
      AND EXISTS (SELECT 1 FROM jobs_job j WHERE j.queue = q.queue AND j.tenant_id = q.tenant_id AND {_DUE})
    ORDER BY busy.running, q.last_served NULLS FIRST
    LIMIT 1 FOR UPDATE OF q SKIP LOCKED
"""

_CLAIM_JOB = f"""
    UPDATE jobs_job SET
        deaths = deaths + CASE WHEN state = 'running' THEN 1 ELSE 0 END,
        state = 'running', owner = %s, fence = fence + 1,
        started_at = coalesce(started_at, statement_timestamp()), lease_until = statement_timestamp() + make_interval(secs => %s)
    WHERE id = (
        SELECT j.id FROM jobs_job j WHERE j.queue = %s AND j.tenant_id = %s AND {_DUE}
        ORDER BY j.priority DESC, j.created_at LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING id, tenant_id, kind, queue, object_id, fence, deaths, attempts, cancel_requested
"""

_GO_ON = """
    UPDATE jobs_job SET deaths = CASE WHEN %s THEN 0 ELSE deaths END, lease_until = statement_timestamp() + make_interval(secs => %s)
    WHERE id = %s AND state = 'running'
"""
_WAKE = """
    UPDATE jobs_job SET state = 'queued', wake_at = NULL, not_before = statement_timestamp()
    WHERE queue = %s AND state = 'waiting' AND wake_at <= statement_timestamp()
"""
_ANY_DUE = f"SELECT EXISTS (SELECT 1 FROM jobs_job j WHERE j.queue = %s AND {_DUE})"
CLAIM_TRIES = 6


def claim(queue: str, owner: str) -> Claim | None:
    """Take the oldest due job of the tenant with the fewest running ones; None when nothing is due for us.

    Another worker may hold the one tenant's row for a moment: a few short, jittered tries.
    """
    with public_context():
        for _ in range(CLAIM_TRIES):
            taken = _claim_once(queue, owner)
            if taken or not has_due(queue):
                return taken
            time.sleep(random.uniform(0.003, 0.03))
    return None


def _claim_once(queue: str, owner: str) -> Claim | None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_PICK_TENANT, [queue])
        place = cursor.fetchone()
        if place is None:
            return None
        cursor.execute("UPDATE jobs_tenantqueue SET last_served = clock_timestamp() WHERE id = %s", [place[0]])
        cursor.execute(_CLAIM_JOB, [owner, settings.JOB_LEASE_S, queue, place[1]])
        row = cursor.fetchone()
    if row is None:
        return None
    taken = Claim(*row[:-1])
    if row[-1]:
        taken.cancelled.set()
    return taken


def has_due(queue: str) -> bool:
    """Say whether anything could be claimed now, caps aside."""
    with public_context(), connection.cursor() as cursor:
        cursor.execute(_ANY_DUE, [queue])
        return bool(cursor.fetchone()[0])


@contextmanager
def checkpoint(claim: Claim, *, even_if_cancelled: bool = False, is_progress: bool = True) -> Iterator[None]:
    """One transaction that ends a step: it commits only while this worker still owns the job, whose lease it renews.

    Progress, after which nothing before is done again, has earlier deaths forgotten; what is only noted on the way has not, or a
    step that kills its worker would be begun for ever. Raises LostLease when it does not, JobCancelled when somebody asked for the end.
    """
    with transaction.atomic():
        with public_context():
            job = (
                Job.objects.select_for_update()
                .filter(pk=claim.job_id, fence=claim.fence, state=Job.State.RUNNING)
                .only("cancel_requested")
                .first()
            )
            if job is None:
                raise LostLease
            if job.cancel_requested and not even_if_cancelled:
                raise JobCancelled
        yield
        with public_context(), connection.cursor() as cursor:
            cursor.execute(_GO_ON, [is_progress, settings.JOB_LEASE_S, claim.job_id])


@contextmanager
def settlement(claim: Claim, state: Job.State, *, error: str = "") -> Iterator[None]:
    """The last checkpoint: what happens inside and the end of the job are one transaction."""
    with checkpoint(claim, even_if_cancelled=True):
        yield
        with public_context():
            Job.objects.filter(pk=claim.job_id).update(
                state=state, error=error, finished_at=Now(), lease_until=None, owner=""
            )


@contextmanager
def parking(claim: Claim, *, until: datetime | None = None) -> Iterator[None]:
    """A checkpoint after which the job waits, held by nobody, until services.resume(), or until then if that comes first."""
    with checkpoint(claim):
        yield
        with public_context():
            Job.objects.filter(pk=claim.job_id).update(
                state=Job.State.WAITING, lease_until=None, owner="", wake_at=until
            )


def wake_due(queue: str) -> None:
    """Queue the parked jobs whose time has come."""
    with public_context(), connection.cursor() as cursor:
        cursor.execute(_WAKE, [queue])


@contextmanager
def postponement(claim: Claim, *, delay_s: float, error: str) -> Iterator[None]:
    """A checkpoint after which the job is queued again, due in `delay_s` seconds."""
    with checkpoint(claim):
        yield
        with public_context(), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE jobs_job SET state = 'queued', owner = '', lease_until = NULL, attempts = attempts + 1,"
                " error = %s, not_before = statement_timestamp() + make_interval(secs => %s) WHERE id = %s",
                [error[:2000], delay_s, claim.job_id],
            )


def release(claim: Claim) -> None:
    """Give a job back untouched, for another worker to take at once."""
    with public_context():
        Job.objects.filter(pk=claim.job_id, fence=claim.fence, state=Job.State.RUNNING).update(
            state=Job.State.QUEUED, owner="", lease_until=None, fence=F("fence") + 1
        )
