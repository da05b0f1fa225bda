"""What lower apps tell the audit through their signals."""

from typing import Any

from django.dispatch import receiver

from apps.audit.actions import JOB_REVIVED
from apps.audit.services import record
from apps.jobs.events import job_revived


@receiver(job_revived)
def record_revival(sender: Any, *, actor: Any, job: Any, **kwargs: Any) -> None:
    record(JOB_REVIVED, actor=actor, target=job)
