"""`manage.py prepare_standalone`: everything between an empty database and a usable instance, in one process."""

import hashlib
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from apps.dashboard.demo.seed import seed_demo


class Command(BaseCommand):
    help = "Migrate, build the embedding model, collect static files and seed the demo tenants; safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        self._step("Bringing the database up to date", lambda: call_command("migrate_all", stdout=self.stdout))
        self._step("Preparing the embedding model", self._build_model)
        self._step("Collecting static files", _collect_static)
        self._step("Looking after the demo organisations", seed_demo)

    def _step(self, title: str, work: Callable[[], Any]) -> None:
        self.stdout.write(f"{title} …", ending="")
        self.stdout.flush()
        started = time.monotonic()
        work()
        self.stdout.write(f" {time.monotonic() - started:.1f} s")
        self.stdout.flush()

    def _build_model(self) -> None:
        try:
            call_command("build_embedding_model", stdout=self.stdout)
        except CommandError as error:
            self.stdout.write(f" {error} ")


def _collect_static() -> None:
    """Collect and compress (20 s) only when our files or the locked packages changed since the last time."""
    digest = hashlib.sha256((settings.BASE_DIR / "requirements" / "base.txt").read_bytes())
    for path in sorted((settings.BASE_DIR / "static").rglob("*.*")):
        digest.update(path.read_bytes())
    stamp = settings.STATIC_ROOT / "collected.sha256"
    if stamp.exists() and stamp.read_text() == digest.hexdigest():
        return
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(digest.hexdigest())
