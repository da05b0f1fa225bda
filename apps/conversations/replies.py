"""The worker side of a conversation: a run that ends puts its answer and citations into the message."""

from collections.abc import Sequence
from typing import Any

from apps.agents.events import run_settled
from apps.agents.models import Run
from apps.agents.types import Source
from apps.conversations.citations import store_citations
from apps.conversations.models import Message


def connect() -> None:
    """Bind the receiver; called once at start."""
    run_settled.connect(store_reply)


def store_reply(sender: Any, *, run: Run, sources: Sequence[Source], **kwargs: Any) -> None:
    """Write the run's answer into its message, in the checkpoint that ends the run."""
    message = Message.objects.filter(run=run).first()
    if message is None:
        return
    Message.objects.filter(pk=message.pk).update(text=run.answer)
    store_citations(message, run.answer, sources)
