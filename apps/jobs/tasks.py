"""The only Celery tasks: wake-ups that carry a queue's name and nothing else."""

from datetime import timedelta

from celery import shared_task
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from apps.core.tenancy import public_context
from apps.jobs import engine, heartbeats, registry, wakeups, worker
from apps.jobs.models import Job

KEEP_DONE_FOR = timedelta(days=7)


@shared_task(name=wakeups.PUMP, ignore_result=True)
def pump(queue: str) -> None:
    """Work on the queue; after each claim wake one colleague while more is due, so load spreads by doubling."""

    def wake_colleague() -> None:
        if engine.has_due(queue):
            wakeups.wake(queue)

    heartbeats.leave_mark(queue)
    registry.prepare()
    try:
        worker.drain(queue, on_claim=wake_colleague)
    except (OperationalError, InterfaceError):
        return  # the database is away: the next beat tries again


@shared_task(name="jobs.sweep", ignore_result=True)
def sweep() -> None:
    """Forget jobs that were done a week ago."""
    with public_context():
        Job.objects.filter(state=Job.State.SUCCEEDED, finished_at__lt=timezone.now() - KEEP_DONE_FOR).delete()
