"""The part of a collection's page that shows what is being read."""

from typing import Any

from django.db.models import Count, Q

from apps.knowledge.models import Document, KnowledgeBase

STEPS = [
    Document.State.UPLOADED,
    Document.State.CHECKED,
    Document.State.READ,
    Document.State.SPLIT,
    Document.State.READY,
]


MOST_SHOWN = 20


def reading_context(base: KnowledgeBase) -> dict[str, Any]:
    """Return what failed, newest first, then what is read next, and how many there are of each."""
    found = base.documents.in_reading()
    counts = found.aggregate(
        failed=Count("pk", filter=Q(state=Document.State.FAILED)),
        waiting=Count("pk", filter=~Q(state=Document.State.FAILED)),
    )
    failed = found.filter(state=Document.State.FAILED).order_by("-created_at")[:MOST_SHOWN]
    waiting = found.exclude(state=Document.State.FAILED).order_by("-progress", "created_at")[:MOST_SHOWN]
    reading = [_with_steps(document) for document in [*failed, *waiting]]
    left = counts["failed"] + counts["waiting"] - len(reading)
    return {"base": base, "reading": reading, "counts": counts, "left": left, "is_busy": counts["waiting"] > 0}


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
