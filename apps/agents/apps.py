from django.apps import AppConfig


class AgentsConfig(AppConfig):
    name = "apps.agents"

    def ready(self) -> None:
        from apps.agents import handlers
        from apps.agents.runs import RUN, Runs
        from apps.jobs import registry

        registry.register(RUN, Runs())
        handlers.connect()
