from django.apps import AppConfig


class KnowledgeConfig(AppConfig):
    name = "apps.knowledge"

    def ready(self) -> None:
        from apps.jobs import registry
        from apps.knowledge import handlers
        from apps.knowledge.ingestion import Ingestion
        from apps.knowledge.measuring import MEASURE, Measuring
        from apps.knowledge.mending import MEND, Mending
        from apps.knowledge.moving import MOVE, Moving
        from apps.knowledge.services.uploads import forget_unfinished
        from apps.knowledge.syncing import SYNC, Syncing
        from apps.knowledge.types import INGEST
        from apps.projects import registry as projects

        registry.register(INGEST, Ingestion())
        registry.register(MOVE, Moving())
        registry.register(MEND, Mending())
        registry.register(SYNC, Syncing())
        registry.register(MEASURE, Measuring())
        registry.nightly(forget_unfinished)
        projects.register(handlers.COLLECTIONS_OF_PROJECTS)
        handlers.connect()
