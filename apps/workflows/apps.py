from django.apps import AppConfig


class WorkflowsConfig(AppConfig):
    name = "apps.workflows"

    def ready(self) -> None:
        from apps.jobs import registry
        from apps.workflows import handlers, scheduling
        from apps.workflows.batching import Batches
        from apps.workflows.delivering import Deliveries
        from apps.workflows.executing import Executions
        from apps.workflows.firing import Starts, Ticks
        from apps.workflows.services.checklists import remind
        from apps.workflows.types import BATCH, DELIVER, EXECUTION, START, TICK

        registry.register(TICK, Ticks())
        registry.register(START, Starts())
        registry.register(DELIVER, Deliveries())
        registry.register(BATCH, Batches())
        registry.register(EXECUTION, Executions())
        registry.nightly(scheduling.mend)
        registry.nightly(scheduling.forget_old)
        registry.nightly(remind)
        handlers.connect()
