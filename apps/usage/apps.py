from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UsageConfig(AppConfig):
    name = "apps.usage"
    verbose_name = _("Usage")

    def ready(self) -> None:
        from apps.jobs.registry import before_first_job
        from apps.jobs.types import AGENTS
        from apps.usage import handlers
        from apps.usage.prices import warm_up

        handlers.connect()
        before_first_job(warm_up, queue=AGENTS)
