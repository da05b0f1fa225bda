"""From a claim to the end of its job: enter the tenant, run the handler, settle whatever happens."""

import time
from collections.abc import Callable

import structlog
from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db import InterfaceError, OperationalError, connection

from apps.core.database.pool import release_connection
from apps.core.tenancy import TenantLike, find_tenant, tenant_context
from apps.jobs import engine, registry
from apps.jobs.errors import JobCancelled, LostLease, RetryLater, TurnOver
from apps.jobs.leases import keeper
from apps.jobs.models import Job
from apps.jobs.types import Claim

log = structlog.get_logger(__name__)
MAX_ATTEMPTS = 4


def drain(queue: str, *, on_claim: Callable[[], None] | None = None, deadline_s: float = 60.0) -> int:
    """Work on the queue until nothing is due or the deadline (seconds) has passed; return how many jobs were done.

    `on_claim` is called after each claim, so that the caller can wake a colleague.
    """
    engine.wake_due(queue)
    done, end = 0, time.monotonic() + deadline_s
    while time.monotonic() < end:
        claim = engine.claim(queue)
        if claim is None:
            break
        if on_claim:
            on_claim()
        execute(claim)
        done += 1
    release_connection()
    return done


def execute(claim: Claim) -> None:
    """Run one claimed job inside its tenant; never raises."""
    keeper.hold(claim)
    try:
        asked_by = {"request_id": claim.correlation_id} if claim.correlation_id else {}
        with structlog.contextvars.bound_contextvars(job=str(claim.job_id), kind=claim.kind, **asked_by):
            tenant = _tenant_of(claim)
            if tenant is not None:
                with tenant_context(tenant):
                    _work(claim)
    except LostLease:
        log.info("lease_lost")
    except (OperationalError, InterfaceError) as error:
        log.warning("database_away", error=str(error)[:200])
        _give_back(claim)
    finally:
        keeper.drop(claim)


def _tenant_of(claim: Claim) -> TenantLike | None:
    try:
        return find_tenant(claim.tenant_id)
    except ObjectDoesNotExist:
        log.warning("tenant_gone", tenant_id=str(claim.tenant_id))
        with engine.settlement(claim, Job.State.DEAD, error="The tenant is gone."):
            return None


def _work(claim: Claim) -> None:
    handler = registry.handler_for(claim.kind)
    if claim.deaths >= settings.JOB_MAX_DEATHS:
        _bury(handler, claim, f"The worker died {claim.deaths} times on the same step.")
        return
    try:
        claim.ensure_held()
        handler.work(claim)
    except JobCancelled:
        with engine.settlement(claim, Job.State.CANCELLED):
            handler.cancel(claim)
    except RetryLater as retry:
        _retry(handler, claim, retry)
    except TurnOver:
        pass
    except (LostLease, OperationalError, InterfaceError):
        raise
    except Exception as error:
        log.exception("job_failed")
        _retry(
            handler, claim, RetryLater(f"{type(error).__name__}: {error}"[:500], delay_s=2.0 ** (claim.attempts + 1))
        )


def _retry(handler: registry.Handler, claim: Claim, retry: RetryLater) -> None:
    if claim.attempts + 1 >= MAX_ATTEMPTS:
        _bury(handler, claim, retry.reason)
        return
    try:
        with engine.postponement(claim, delay_s=retry.delay_s, error=retry.reason):
            pass
    except JobCancelled:
        with engine.settlement(claim, Job.State.CANCELLED):
            handler.cancel(claim)


def _bury(handler: registry.Handler, claim: Claim, reason: str) -> None:
    with engine.settlement(claim, Job.State.DEAD, error=reason):
        handler.bury(claim, reason)


def _give_back(claim: Claim) -> None:
    """Free the job as soon as the database answers again; otherwise its lease runs out."""
    for _ in range(20):
        connection.close()
        try:
            engine.release(claim)
        except (OperationalError, InterfaceError):
            time.sleep(0.5)
        else:
            return
