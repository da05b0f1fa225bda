"""What lower apps tell the audit through their signals; secrets of webhooks are sealed anew when asked."""

from typing import Any

from django.dispatch import receiver

from apps.audit.actions import JOB_REVIVED
from apps.audit.models import AlertChannel
from apps.audit.services.trail import record
from apps.core import credentials
from apps.jobs.events import job_revived


@receiver(job_revived)
def record_revival(sender: Any, *, actor: Any, job: Any, **kwargs: Any) -> None:
    record(JOB_REVIVED, actor=actor, target=job)


@credentials.on_rotation
def reseal_webhook_secrets() -> int:
    return credentials.reseal_column(AlertChannel.objects, column="sealed_secret", field="sealed_secret")
