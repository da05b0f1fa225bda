"""Events in words."""

from typing import Any

from django import template

from apps.audit.actions import words_for
from apps.audit.models import AuditEvent

register = template.Library()


@register.filter
def action_words(name: str) -> str:
    """Return the words of an action in the reader's language."""
    return words_for(name)


@register.filter
def changes(event: AuditEvent) -> list[tuple[str, Any, Any]]:
    """Return (field, before, after) of what an event changed or says, by name of the field."""
    before, after = event.before or {}, event.after or {}
    return [(field, _text(before.get(field)), _text(after.get(field))) for field in sorted({*before, *after})]


@register.filter
def at(counts: dict[Any, int], key: Any) -> int:
    """Return what is counted under a key."""
    return counts[key]


def _text(value: Any) -> str:
    if value is None:
        return "–"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
