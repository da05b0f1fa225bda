"""The only Celery tasks: wake-ups that carry a queue's name and nothing else, and what beat has done each hour and night."""

from datetime import timedelta

import structlog
from celery import shared_task
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from apps.core.tenancy import every_schema, public_context, tenant_context
from apps.jobs import engine, heartbeats, registry, wakeups, worker
from apps.jobs.models import Job

log = structlog.get_logger(__name__)
KEEP_DONE_FOR = timedelta(days=7)


@shared_task(name=wakeups.PUMP, ignore_result=True)
def pump(queue: str) -> None:
    """Work on the queue; after each claim wake one colleague while more is due, so load spreads by doubling."""

    def wake_colleague() -> None:
        if engine.has_due(queue):
            wakeups.wake(queue)

    heartbeats.leave_mark(queue)
    registry.prepare(queue)
    try:
        worker.drain(queue, on_claim=wake_colleague)
    except (OperationalError, InterfaceError):
        return  # the database is away: the next beat tries again


@shared_task(name="jobs.sweep", ignore_result=True)
def sweep() -> None:
    """Forget jobs that were done a week ago."""
    with public_context():
        Job.objects.filter(state=Job.State.SUCCEEDED, finished_at__lt=timezone.now() - KEEP_DONE_FOR).delete()


@shared_task(name="jobs.nightly", ignore_result=True)
def nightly() -> None:
    """Do what apps asked to have done each night, in every schema; one that fails keeps none of the others."""
    for schema in every_schema():
        for work in registry.nightly_work():
            try:
                with tenant_context(schema):
                    work()
            except Exception:
                log.exception("nightly_work_failed", work=work.__name__, schema=schema.schema_name)
