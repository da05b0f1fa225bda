"""The statements that make jobs durable: claim fairly, checkpoint under a fence, settle.

Times are the database's own (`statement_timestamp()`); a lease is renewed by apps.jobs.leases. Lock order everywhere: the tenant's
queue row, then the job row, then rows of the tenant.
"""

import os
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from apps.core.tenancy import public_context
from apps.jobs.errors import JobCancelled, LostLease, TurnOver
from apps.jobs.models import Job
from apps.jobs.types import Claim

# Whose next death is its end: it may be what kills its workers, or has twice stood beside one that did. A process works on one such at
# a time, so that no two of them die of each other.
_IS_SUSPECT = "(j.deaths + (j.state = 'running')::int = %(last_death)s - 1)"
_HOLDS_SUSPECT = """
    EXISTS (
        SELECT 1 FROM jobs_job held WHERE held.queue = %(queue)s AND held.state = 'running'
        AND held.deaths = %(last_death)s - 1 AND starts_with(held.owner, %(process)s) AND held.lease_until >= statement_timestamp()
    )
"""
_DUE = f"""
    ((j.state = 'queued' AND j.not_before <= statement_timestamp()) OR (j.state = 'running' AND j.lease_until < statement_timestamp()))
    AND NOT ({_IS_SUSPECT} AND {_HOLDS_SUSPECT})
"""
# A job that had its turn stands back (priority below 0) while anybody's other work is due, but for a minute at most at a time.
_IS_FIRST = "(j.priority >= 0 OR j.not_before < statement_timestamp() - interval '60 seconds')"

_PICK_TENANT = f"""
    SELECT q.id, q.tenant_id
    FROM jobs_tenantqueue q
    CROSS JOIN LATERAL (
        SELECT count(*) AS running FROM jobs_job j
        WHERE j.queue = q.queue AND j.tenant_id = q.tenant_id AND j.state = 'running' AND j.lease_until >= statement_timestamp()
    ) busy
    WHERE q.queue = %(queue)s AND busy.running < q.cap
      AND EXISTS (SELECT 1 FROM jobs_job j WHERE j.queue = q.queue AND j.tenant_id = q.tenant_id AND {_DUE})
    ORDER BY
        NOT EXISTS (SELECT 1 FROM jobs_job j WHERE j.queue = q.queue AND j.tenant_id = q.tenant_id AND {_DUE} AND {_IS_FIRST}),
        busy.running, q.last_served NULLS FIRST
    LIMIT 1 FOR UPDATE OF q SKIP LOCKED
"""

_CLAIM_JOB = f"""
    UPDATE jobs_job SET
        deaths = deaths + CASE WHEN state = 'running' THEN 1 ELSE 0 END,
        state = 'running', owner = %(owner)s, fence = fence + 1,
        started_at = coalesce(started_at, statement_timestamp()), lease_until = statement_timestamp() + make_interval(secs => %(lease)s)
    WHERE id = (
        SELECT j.id FROM jobs_job j WHERE j.queue = %(queue)s AND j.tenant_id = %(tenant)s AND {_DUE}
        ORDER BY {_IS_FIRST} DESC, j.priority DESC, j.created_at LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING id, tenant_id, kind, queue, object_id, fence, deaths, attempts, correlation_id, cancel_requested
"""

_GO_ON = """
    UPDATE jobs_job SET deaths = CASE WHEN %s THEN 0 ELSE deaths END, lease_until = statement_timestamp() + make_interval(secs => %s)
    WHERE id = %s AND state = 'running'
"""
_WAKE = """
    UPDATE jobs_job SET state = 'queued', wake_at = NULL, not_before = statement_timestamp()
    WHERE queue = %s AND state = 'waiting' AND wake_at <= statement_timestamp()
"""
_ANY_DUE = f"SELECT EXISTS (SELECT 1 FROM jobs_job j WHERE j.queue = %(queue)s AND {_DUE})"
_ANY_FIRST = f"SELECT EXISTS (SELECT 1 FROM jobs_job j WHERE j.queue = %(queue)s AND {_DUE} AND {_IS_FIRST})"
CLAIM_TRIES = 6
BEHIND = -1


def claim(queue: str, owner: str | None = None) -> Claim | None:
    """Take the oldest due job of the tenant with the fewest running ones; None when nothing is due for us.

    Another worker may hold the one tenant's row for a moment: a few short, jittered tries.
    """
    with public_context():
        for _ in range(CLAIM_TRIES):
            taken = _claim_once(queue, owner or owner_name())
            if taken or not has_due(queue):
                return taken
            time.sleep(random.uniform(0.003, 0.03))
    return None


def _claim_once(queue: str, owner: str) -> Claim | None:
    with transaction.atomic(), connection.cursor() as cursor:
        places = _places(queue)
        cursor.execute(_PICK_TENANT, places)
        place = cursor.fetchone()
        if place is None:
            return None
        cursor.execute("UPDATE jobs_tenantqueue SET last_served = clock_timestamp() WHERE id = %s", [place[0]])
        cursor.execute(_CLAIM_JOB, places | {"owner": owner, "lease": settings.JOB_LEASE_S, "tenant": place[1]})
        row = cursor.fetchone()
    if row is None:
        return None
    taken = Claim(*row[:-1])
    if row[-1]:
        taken.cancelled.set()
    return taken


def has_due(queue: str, *, is_first: bool = False) -> bool:
    """Say whether this process could claim anything now, caps aside; `is_first`: leaving out jobs that stand back themselves."""
    with public_context(), connection.cursor() as cursor:
        cursor.execute(_ANY_FIRST if is_first else _ANY_DUE, _places(queue))
        return bool(cursor.fetchone()[0])


def owner_name() -> str:
    """Name this thread of this process in the rows of the jobs that it works on."""
    return f"{process_name()}{threading.get_ident()}"[:100]


def process_name() -> str:
    """Return what the names of all of this process's threads begin with."""
    return f"{socket.gethostname()[:60]}:{os.getpid()}:"


def _places(queue: str) -> dict[str, str | int]:
    return {"queue": queue, "last_death": settings.JOB_MAX_DEATHS, "process": process_name()}


def database_time() -> datetime:
    """Return the time by which jobs are due: the database's own."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        return cursor.fetchone()[0]


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


@contextmanager
def turn(claim: Claim) -> Iterator[None]:
    """A checkpoint at the end of a long job's turn. Where others have work due the job is queued again behind that.

    Of two long jobs one goes on until the other has stood back for a minute. Raises TurnOver then, which is the worker's to catch; LostLease, JobCancelled.
    """
    stands_back = has_due(claim.queue, is_first=True)
    with checkpoint(claim):
        yield
        if stands_back:
            with public_context():
                Job.objects.filter(pk=claim.job_id).update(
                    state=Job.State.QUEUED, lease_until=None, owner="", priority=BEHIND, not_before=Now()
                )
    if stands_back:
        raise TurnOver


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
