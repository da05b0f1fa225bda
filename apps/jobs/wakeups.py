"""Waking a worker: a message with a queue's name. It may be lost without harm; the next beat sends another."""

import structlog
from celery import current_app

log = structlog.get_logger(__name__)
PUMP = "jobs.pump"


def wake(queue: str) -> None:
    """Send a wake-up; when the broker is away the next beat does it."""
    try:
        current_app.send_task(PUMP, args=[queue], queue=queue, expires=60, retry=False)
    except Exception as error:  # noqa: BLE001  a broker fails in many ways, and the job is safe in the database
        log.warning("wake_up_lost", queue=queue, error=type(error).__name__)
