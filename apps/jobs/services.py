"""What the rest of the product may ask of the engine: enqueue, cancel, resume, revive."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.caller import correlation_id
from apps.core.errors import Conflict, NotFound, TooManyRequests, Unavailable
from apps.core.tenancy import current_tenant, public_context, tenant_context
from apps.jobs.events import job_revived
from apps.jobs.models import Job, TenantQueue
from apps.jobs.wakeups import wake

OLDEST_DUE_LIMIT_S = 900
ACTIVE = (Job.State.QUEUED, Job.State.RUNNING, Job.State.WAITING)


def enqueue(
    *,
    kind: str,
    queue: str,
    object_id: UUID,
    dedupe_key: str = "",
    priority: int = 0,
    not_before: datetime | None = None,
    is_owed: bool = False,
) -> UUID:
    """Store a job for the active tenant in the caller's transaction and wake a worker when that commits.

    With a `dedupe_key` an active job of the same kind and key is returned instead. Raises TooManyRequests when the
    tenant's queue is full, Unavailable when its oldest due job has waited for a quarter of an hour; never for one that is owed,
    which nobody asks for at the moment and nobody could ask for again.
    """
    tenant_id = current_tenant().id
    with public_context():
        TenantQueue.objects.bulk_create([TenantQueue(tenant_id=tenant_id, queue=queue)], ignore_conflicts=True)
        if not is_owed:
            _admit(tenant_id, queue)
        if dedupe_key:
            known = Job.objects.filter(tenant_id=tenant_id, kind=kind, dedupe_key=dedupe_key, state__in=ACTIVE).first()
            if known:
                return known.pk
        job = Job.objects.create(
            tenant_id=tenant_id,
            queue=queue,
            kind=kind,
            object_id=object_id,
            dedupe_key=dedupe_key,
            priority=priority,
            not_before=not_before or Now(),
            correlation_id=correlation_id(),
        )
    transaction.on_commit(lambda: wake(queue))
    return job.pk


def _admit(tenant_id: UUID, queue: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT 1 FROM jobs_job WHERE queue = %s AND tenant_id = %s AND state = 'queued' LIMIT %s) q",
            [queue, tenant_id, settings.JOB_TENANT_QUEUE_LIMIT],
        )
        waiting = cursor.fetchone()[0]
    if waiting >= settings.JOB_TENANT_QUEUE_LIMIT:
        raise TooManyRequests(
            _("Your organisation has too much work waiting. Try again in a minute."), retry_after_s=60
        )
    late = timezone.now() - timedelta(seconds=OLDEST_DUE_LIMIT_S)
    if Job.objects.filter(queue=queue, tenant_id=tenant_id, state=Job.State.QUEUED, not_before__lt=late).exists():
        raise Unavailable(_("The service is behind with its work. Try again in a minute."), retry_after_s=60)


def is_active(*, object_id: UUID, kind: str) -> bool:
    """Say whether an object has a job that has not ended."""
    tenant_id = current_tenant().id
    with public_context():
        return Job.objects.filter(tenant_id=tenant_id, object_id=object_id, kind=kind, state__in=ACTIVE).exists()


def cancel(*, object_id: UUID, kind: str) -> bool:
    """Ask for the end of an object's job; a job that nobody holds is due at once so that a worker settles it."""
    return cancel_all(kind=kind, object_ids=[object_id])


def cancel_all(*, kind: str, object_ids: Collection[UUID] | None = None) -> bool:
    """Ask for the end of the tenant's jobs of a kind, or of those of some objects; False when there was none."""
    tenant_id = current_tenant().id
    with public_context():
        jobs = Job.objects.filter(tenant_id=tenant_id, kind=kind, state__in=ACTIVE)
        jobs = jobs if object_ids is None else jobs.filter(object_id__in=object_ids)
        found = list(jobs.values_list("pk", "queue"))
        jobs.update(cancel_requested=True)
        Job.objects.filter(pk__in=[pk for pk, _queue in found], state=Job.State.WAITING).update(state=Job.State.QUEUED)
        Job.objects.filter(pk__in=[pk for pk, _queue in found], state=Job.State.QUEUED).update(not_before=Now())
    _wake_on_commit({queue for _pk, queue in found})
    return bool(found)


def hold(*, object_id: UUID, kind: str) -> None:
    """Lock an object's jobs until the transaction ends: before rows of the tenant, in the order of locks that workers keep."""
    tenant_id = current_tenant().id
    with public_context():
        list(
            Job.objects.select_for_update().filter(
                tenant_id=tenant_id, object_id=object_id, kind=kind, state__in=ACTIVE
            )
        )


def resume(*, object_id: UUID, kind: str) -> None:
    """Queue a waiting job again."""
    tenant_id = current_tenant().id
    with public_context():
        waiting = Job.objects.filter(tenant_id=tenant_id, object_id=object_id, kind=kind, state=Job.State.WAITING)
        queues = set(waiting.values_list("queue", flat=True))
        waiting.update(state=Job.State.QUEUED, not_before=Now(), wake_at=None)
    _wake_on_commit(queues)


def _wake_on_commit(queues: Iterable[str]) -> None:
    for queue in queues:
        transaction.on_commit(lambda queue=queue: wake(queue))  # type: ignore[misc]


def revive(*, actor: Any, object_id: UUID, kind: str) -> None:
    """Start an ended job again from its last checkpoint. Raises NotFound, or Conflict while it is still active."""
    tenant = current_tenant()
    with transaction.atomic():
        with public_context():
            job = (
                Job.objects.select_for_update()
                .filter(tenant_id=tenant.id, object_id=object_id, kind=kind)
                .order_by("-created_at")
                .first()
            )
            if job is None:
                raise NotFound(_("There is no such job."))
            if job.state in ACTIVE:
                raise Conflict(_("This is still being worked on."))
            Job.objects.filter(pk=job.pk).update(
                state=Job.State.QUEUED,
                deaths=0,
                attempts=0,
                cancel_requested=False,
                error="",
                not_before=Now(),
                finished_at=None,
            )
        with tenant_context(tenant):
            job_revived.send(sender=Job, job=job, actor=actor)
    transaction.on_commit(lambda: wake(job.queue))
