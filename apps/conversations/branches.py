"""The tree of a conversation's messages: which branch is shown, and what else was said at the same place."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q

from apps.conversations.models import Message


def siblings_of(messages: Iterable[Message]) -> dict[UUID, list[UUID]]:
    """Return for each message of one conversation the keys of all versions at its place, oldest first; one query."""
    asked = list(messages)
    if not asked:
        return {}
    places = Q(parent_id__in={m.parent_id for m in asked if m.parent_id})
    if any(m.parent_id is None for m in asked):
        places |= Q(parent_id=None)
    rows = Message.objects.filter(places, conversation_id=asked[0].conversation_id).order_by("position")
    versions: dict[tuple[UUID | None, str], list[UUID]] = {}
    for pk, parent_id, role in rows.values_list("pk", "parent_id", "role"):
        versions.setdefault((parent_id, role), []).append(pk)
    return {m.pk: versions.get((m.parent_id, m.role), [m.pk]) for m in asked}


def hide_below(message: Message | None, *, conversation_id: UUID) -> None:
    """Take what follows `message` (None: everything) off the shown branch."""
    shown = Message.objects.filter(conversation_id=conversation_id, is_shown=True)
    shown.filter(position__gt=message.position if message else 0).update(is_shown=False)


def show(message: Message) -> None:
    """Make the branch through `message` the shown one: what led to it, and below it the newest of each place."""
    rows = Message.objects.filter(conversation_id=message.conversation_id).order_by("position")
    parent_of: dict[UUID, UUID | None] = dict(rows.values_list("pk", "parent_id"))
    newest_child = {parent: pk for pk, parent in parent_of.items()}
    path = {*_walk(message.pk, parent_of), *_walk(message.pk, newest_child)}
    rows.filter(is_shown=True).exclude(pk__in=path).update(is_shown=False)
    rows.filter(is_shown=False, pk__in=path).update(is_shown=True)


def _walk(start: UUID, step: dict) -> list[UUID]:
    path: list[UUID] = []
    at: UUID | None = start
    while at is not None:
        path.append(at)
        at = step.get(at)
    return path
