from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "apps.audit"

    def ready(self) -> None:
        from apps.audit import handlers  # noqa: F401
        from apps.audit.deliveries import ALERT, AlertSender
        from apps.audit.services import security, trail
        from apps.jobs.registry import nightly, register

        register(ALERT, AlertSender())
        nightly(trail.check)
        nightly(security.forget_old)
