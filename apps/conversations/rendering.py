"""From a run's rows and live events to what a page shows: blocks of HTML, the steps card, the sources panel."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.template.loader import render_to_string

from apps.agents.models import RunEvent
from apps.agents.rendering import cards_of, steps_of
from apps.agents.types import StreamEvent
from apps.conversations.branches import siblings_of
from apps.conversations.forms import WordsForm
from apps.conversations.models import Message
from apps.core.markdown import BlockRenderer, render_blocks
from apps.knowledge.models import Document

Frame = dict[str, Any]


@dataclass
class LiveAnswer:
    """Follows one run's stream and says which frames bring a page from what it has to what there is.

    Blocks are a function of the text, so a page that has k blocks of the same base goes on from block k.
    """

    message_id: str
    sources: int = 0
    text: str = ""
    sent_blocks: int = 0
    sent_tail: str = ""
    _renderer: BlockRenderer = field(default_factory=BlockRenderer)

    def apply(self, event: StreamEvent) -> None:
        """Take in one event of the stream."""
        if event.kind == "text":
            self.text += event.data["d"]
            self._renderer.feed(event.data["d"])
        elif event.kind == "discard":
            self._restart(event.data.get("text", ""))
        elif event.kind == "step" and event.data.get("sources", 0) != self.sources:
            self.sources = event.data["sources"]
            self._restart(self.text)

    def _restart(self, text: str) -> None:
        before = self._renderer.blocks
        self.text = text
        self._renderer = BlockRenderer(sources=self.sources)
        self._renderer.feed(text)
        same = 0
        for old, new in zip(before, self._renderer.blocks, strict=False):
            if old != new:
                break
            same += 1
        self.sent_blocks = min(self.sent_blocks, same)

    def frames(self) -> list[Frame]:
        """Return the frames that the page lacks; a block below the page's count cuts the page back to it."""
        blocks = self._renderer.blocks
        frames: list[Frame] = [
            {"t": "blk", "id": self.message_id, "i": number, "html": blocks[number]}
            for number in range(self.sent_blocks, len(blocks))
        ]
        tail = self._renderer.tail()
        if frames or tail != self.sent_tail:
            frames.append({"t": "tail", "id": self.message_id, "i": len(blocks), "html": tail})
        self.sent_blocks, self.sent_tail = len(blocks), tail
        return frames


def final_frames(message: Message, seen: int) -> list[Frame]:
    """Return the frames that complete a page which has `seen` blocks of a finished message."""
    blocks = message_blocks(message)
    start = min(seen, len(blocks))
    frames: list[Frame] = [
        {"t": "blk", "id": str(message.pk), "i": number, "html": blocks[number]} for number in range(start, len(blocks))
    ]
    frames.append({"t": "tail", "id": str(message.pk), "i": len(blocks), "html": ""})
    return frames


def message_blocks(message: Message) -> list[str]:
    """Return the HTML blocks of a stored answer."""
    return render_blocks(message.text, sources=message.citations.count())


def message_context(message: Message, versions: list[UUID] | None = None, *, viewer: Any = None) -> dict[str, Any]:
    """Return what the template of one message needs; `versions` are the keys of all that stand at its place.

    `viewer` sees the approvals that its run asked for; without one they are left out.
    """
    run = message.run
    steps = steps_of(run) if run else []
    if versions is None:
        versions = siblings_of([message])[message.pk]
    place = versions.index(message.pk)
    return {
        "version": place + 1,
        "versions": len(versions),
        "former": versions[place - 1] if place else None,
        "next": versions[place + 1] if place + 1 < len(versions) else None,
        "message": message,
        "run": run,
        "agent": message.conversation.agent,
        "is_open": run is not None and not run.is_final,
        "waits": run is not None and run.state == run.State.WAITING and run.family_approvals.waiting().exists(),
        "blocks": message_blocks(message) if message.role == Message.Role.ASSISTANT else [],
        "words": WordsForm(message=message) if getattr(message, "feedback", None) else None,
        "cards": cards_of(run, viewer) if run and viewer else [],
        "steps": steps,
        "worked_s": sum(step.took_s for step in steps),
    }


def render_message(message: Message, viewer: Any) -> str:
    """Return a message's HTML as the page and the socket both show it."""
    return render_to_string("conversations/_message.html", message_context(message, viewer=viewer))


def render_approvals(message: Message, viewer: Any) -> str:
    """Return the cards of what waits for people in a message's run, or was decided."""
    return render_to_string("conversations/_approvals.html", message_context(message, viewer=viewer))


def render_steps(message: Message) -> str:
    """Return the steps card of a message."""
    return render_to_string("conversations/_steps.html", message_context(message))


def render_sources(message: Message) -> str:
    """Return the entries of the sources panel for a message: its citations, or what the run has seen so far."""
    return render_to_string("components/sources.html", {"sources": source_rows(message)})


def source_rows(message: Message) -> list[dict[str, Any]]:
    """Return number, document, place and quote of each passage: those cited, or all that were read when none is."""
    rows = citation_rows(message)
    if rows or message.run is None:
        return rows
    seen = [s for e in message.run.events.filter(kind=RunEvent.Kind.TOOL) for s in e.payload.get("sources", ())]
    return [
        {**source, "quote": source["text"][:400], "is_cited": False}
        for source in {source["number"]: source for source in seen}.values()
    ]


def citation_rows(message: Message) -> list[dict[str, Any]]:
    """Return the passages that a message cites, or all that were read when it cites none."""
    read = sorted(message.citations.all(), key=lambda citation: citation.number)
    return [
        {
            "number": c.number,
            "document": c.document_name,
            "document_id": c.document_id,
            "chunk_id": c.chunk_id,
            "heading": c.heading,
            "page": c.page,
            "quote": c.quote,
            "is_cited": c.is_cited,
        }
        for c in [c for c in read if c.is_cited] or read
    ]


def sources_for(reader: Any, messages: list[Message]) -> dict[UUID, list[dict[str, Any]]]:
    """Return the sources of answers, by message, for somebody they are shared with; one question to the database for all.

    Of documents that the reader may not see there is the number alone. The citations have to be prefetched.
    """
    seen = readable_documents(reader, messages)
    return {
        message.pk: [
            row if row["document_id"] in seen else {"number": row["number"], "is_hidden": True}
            for row in citation_rows(message)
        ]
        for message in messages
    }


def readable_documents(reader: Any, messages: list[Message]) -> set[UUID]:
    """Return which of the documents that messages cite a person may see."""
    asked = {citation.document_id for message in messages for citation in message.citations.all()} - {None}
    return set(Document.objects.visible_to(reader).filter(pk__in=asked).values_list("pk", flat=True))  # type: ignore[misc]


def render_end(message: Message) -> str:
    """Return what stands below a finished answer: the notice of a stop or failure, and the actions."""
    return render_to_string("conversations/_message_end.html", message_context(message))
