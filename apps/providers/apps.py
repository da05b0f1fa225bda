from django.apps import AppConfig


class ProvidersConfig(AppConfig):
    name = "apps.providers"

    def ready(self) -> None:
        from apps.jobs.registry import before_first_job
        from apps.providers import handlers  # noqa: F401
        from apps.providers.registry import warm_up

        before_first_job(warm_up)
