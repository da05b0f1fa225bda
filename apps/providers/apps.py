from django.apps import AppConfig


class ProvidersConfig(AppConfig):
    name = "apps.providers"

    def ready(self) -> None:
        from apps.jobs.registry import before_first_job
        from apps.jobs.types import AGENTS
        from apps.providers import handlers  # noqa: F401
        from apps.providers.registry import warm_up, warm_up_vendors

        before_first_job(warm_up)
        before_first_job(warm_up_vendors, queue=AGENTS)
