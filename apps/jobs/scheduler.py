"""Beat's schedule, kept in the one table in public."""

from typing import Any

from django_celery_beat.schedulers import DatabaseScheduler

from apps.core.tenancy import PUBLIC, activate


class PublicScheduler(DatabaseScheduler):
    """django-celery-beat's scheduler; its process works in public and nowhere else."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        activate(PUBLIC)
        super().__init__(*args, **kwargs)
