from django.apps import AppConfig


class AgentsConfig(AppConfig):
    name = "apps.agents"

    def ready(self) -> None:
        from apps.agents import handlers
        from apps.agents.models import Agent
        from apps.agents.runs import RUN, Runs
        from apps.jobs import registry
        from apps.usage.registry import find_by

        registry.register(RUN, Runs())
        find_by("agent", lambda name: Agent.objects.filter(name=name).first())
        handlers.connect()
