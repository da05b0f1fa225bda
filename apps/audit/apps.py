from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "apps.audit"

    def ready(self) -> None:
        from apps.audit import handlers  # noqa: F401
        from apps.audit.deliveries import ALERT, AlertSender
        from apps.jobs.registry import register

        register(ALERT, AlertSender())
