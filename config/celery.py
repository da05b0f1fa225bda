"""The Celery application: it carries wake-ups between processes and nothing else."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")
app = Celery("guildhall")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    task_ignore_result=True,
    task_acks_late=False,
    task_serializer="json",
    accept_content=["json"],
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": 3600,
        "socket_timeout": 5,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
    },
    task_publish_retry=False,
    beat_schedule={
        "wake-agents": {
            "task": "jobs.pump",
            "schedule": 1.0,
            "args": ["agents"],
            "options": {"queue": "agents", "expires": 2},
        },
        "wake-documents": {
            "task": "jobs.pump",
            "schedule": 1.0,
            "args": ["documents"],
            "options": {"queue": "documents", "expires": 2},
        },
        "nightly": {
            "task": "jobs.nightly",
            "schedule": crontab(hour=2, minute=17),
            "options": {"queue": "documents", "expires": 6 * 3600},
        },
        "sweep": {"task": "jobs.sweep", "schedule": 3600.0, "options": {"queue": "documents", "expires": 600}},
    },
    beat_scheduler="apps.jobs.scheduler:PublicScheduler",
)
app.autodiscover_tasks(["apps.jobs"])
