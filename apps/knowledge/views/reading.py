"""The part of a collection's page that shows what is being read."""

from typing import Any

from apps.knowledge.models import Document, KnowledgeBase

STEPS = [
    Document.State.UPLOADED,
    Document.State.CHECKED,
    Document.State.READ,
    Document.State.SPLIT,
    Document.State.READY,
]


def reading_context(base: KnowledgeBase) -> dict[str, Any]:
    reading = [_with_steps(document) for document in base.documents.in_reading().order_by("-created_at")[:50]]
    return {"base": base, "reading": reading, "is_busy": any(d["document"].state != "failed" for d in reading)}


def _with_steps(document: Document) -> dict[str, Any]:
    has_failed = document.state == Document.State.FAILED
    reached = STEPS.index(
        Document.State(document.failed_at or Document.State.UPLOADED if has_failed else document.state)
    )
    steps = [
        {"label": step.label, "mark": "done" if place <= reached else _open_mark(place, reached, has_failed)}
        for place, step in enumerate(STEPS)
    ]
    return {"document": document, "steps": steps, "has_failed": has_failed}


def _open_mark(place: int, reached: int, has_failed: bool) -> str:
    if place > reached + 1:
        return ""
    return "fail" if has_failed else "now"
