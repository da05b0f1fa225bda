"""What lower apps tell automations: a run ended, a document can be searched, keys rotate."""

from collections.abc import Sequence
from typing import Any

from apps.agents.events import run_settled
from apps.agents.models import Run
from apps.agents.services.health import FAILED
from apps.agents.types import Source
from apps.core import credentials
from apps.integrations.events import service_told
from apps.integrations.models import Connection
from apps.integrations.types import Told
from apps.knowledge.events import document_ready
from apps.knowledge.models import Document, KnowledgeBase
from apps.workflows import batching, executing, scheduling
from apps.workflows.delivering import hand_over
from apps.workflows.models import Automation, BatchItem, ExecutionStep, Occurrence


def connect() -> None:
    """Bind the receivers; called once at start."""
    run_settled.connect(follow_run)
    document_ready.connect(follow_document)
    service_told.connect(follow_service)


def follow_run(sender: Any, *, run: Run, sources: Sequence[Source], **kwargs: Any) -> None:
    """Hand over what an automation asked for; a run that somebody began and that failed may start others."""
    hand_over(run, sources)
    batching.follow(run)
    executing.follow(run)
    is_asked_for = any(model.objects.filter(run=run).exists() for model in (Occurrence, BatchItem, ExecutionStep))
    is_own = run.parent_id is None and not run.is_trial and not is_asked_for
    if run.state not in FAILED or not is_own:
        return
    brought = {"run": run.title, "agent": run.agent.name, "reason": run.error}
    for automation in scheduling.waiting_for(Automation.Event.RUN_FAILED).filter(owner=run.started_by_id):
        scheduling.begin(automation, Occurrence.Cause.EVENT, f"run {run.pk}", brought=brought)


def follow_document(sender: Any, *, document: Document, **kwargs: Any) -> None:
    """Start what waits for documents of this collection, for those who may search it."""
    base = document.knowledge_base
    brought = {"document": document.name, "collection": base.name}
    for automation in scheduling.waiting_for(Automation.Event.DOCUMENT_READY):
        is_meant = automation.collection_id in (None, base.pk)
        if is_meant and KnowledgeBase.objects.visible_to(automation.owner).filter(pk=base.pk).exists():
            scheduling.begin(automation, Occurrence.Cause.EVENT, f"document {document.pk}", brought=brought)


def follow_service(sender: Any, *, connection: Connection, told: Told, **kwargs: Any) -> None:
    """Start what waits for a connected service to say that something happened, for those for whom agents call it."""
    for automation in scheduling.waiting_for(told.event):
        is_meant = automation.connection_id in (None, connection.pk)
        if is_meant and connection.is_for(automation.owner):
            key = f"{connection.slug} {told.key}"
            scheduling.begin(automation, Occurrence.Cause.EVENT, key, brought=told.brought)


@credentials.on_rotation
def reseal_secrets() -> int:
    return credentials.reseal_column(Automation.objects, column="sealed_secret", field="sealed_secret")
