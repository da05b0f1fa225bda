"""Start-up of the core: things that must be tenant-aware before the first query."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "apps.core"

    def ready(self) -> None:
        from django.conf import settings
        from django.contrib.contenttypes.models import ContentType

        from apps.core.content_types import PerSchemaCache

        ContentType.objects._cache = PerSchemaCache()  # type: ignore[attr-defined]
        if settings.SENTRY_DSN:
            from apps.core.error_reports import report_errors

            report_errors(settings.SENTRY_DSN)
