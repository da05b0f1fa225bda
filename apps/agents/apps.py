from django.apps import AppConfig


class AgentsConfig(AppConfig):
    name = "apps.agents"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        from apps.agents import handlers, places, shipped
        from apps.agents.models import Agent
        from apps.agents.runs import Runs
        from apps.agents.services.files import forget_unused
        from apps.agents.types import RUN
        from apps.jobs import registry
        from apps.jobs.types import AGENTS
        from apps.projects import registry as projects
        from apps.prompts.registry import used_by
        from apps.usage.registry import find_by

        registry.register(RUN, Runs())
        registry.nightly(forget_unused)
        find_by("agent", lambda name: Agent.objects.filter(name=name, draft_of=None).first(), Agent.objects.usable_by)
        used_by(handlers.agents_with)
        projects.register(handlers.AGENTS_OF_PROJECTS)
        post_migrate.connect(shipped.sync, sender=self)
        registry.before_first_job(places.announce, queue=AGENTS)
        handlers.connect()
