"""Start-up of the core: things that must be tenant-aware before the first query."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "apps.core"

    def ready(self) -> None:
        from django.contrib.contenttypes.models import ContentType

        from apps.core.content_types import PerSchemaCache

        ContentType.objects._cache = PerSchemaCache()  # type: ignore[attr-defined]
        _report_errors()


def _report_errors() -> None:
    """Send errors to Sentry when its address is set; without personal data and without local variables."""
    import sentry_sdk
    from django.conf import settings

    if settings.SENTRY_DSN:
        sentry_sdk.init(dsn=settings.SENTRY_DSN, send_default_pii=False, include_local_variables=False)
