from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "apps.integrations"

    def ready(self) -> None:
        from apps.integrations import handlers, publishing  # noqa: F401
        from apps.jobs import registry

        registry.register(publishing.DELIVER, publishing.WebhookCalls())
        registry.nightly(publishing.forget_old)
