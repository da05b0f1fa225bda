"""Personalities: those that ship are copied, an organisation's own are written and changed."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.agents import actions
from apps.agents.models import Personality
from apps.audit.services.trail import record
from apps.core.errors import Conflict, InvalidInput
from apps.core.language import one_line
from apps.core.permissions import require

VIEW, CHANGE = "agents.view_personality", "agents.change_personality"
FIELDS = ("name", "traits", "tone", "approach")
MAX_TRAITS, MAX_TRAIT_CHARS = 10, 40


@transaction.atomic
def save_personality(*, actor: Any, values: Mapping[str, Any], personality: Personality | None = None) -> Personality:
    """Write a personality, or change one. Raises Forbidden, InvalidInput with the field, Conflict for a taken name or one that ships."""
    require(actor, CHANGE)
    row = personality or Personality()
    require_own(row)
    before = told(row, FIELDS) if personality else None
    for field in FIELDS:
        if field in values:
            setattr(row, field, values[field])
    row.name, row.tone = one_line(row.name, 80), one_line(row.tone, 200)
    row.approach = row.approach.replace("\0", "").strip()[:2000]
    row.traits = checked_words(row.traits, "traits", most=MAX_TRAITS, most_chars=MAX_TRAIT_CHARS)
    if not row.name:
        raise InvalidInput(_("Give it a name."), field="name")
    if not (row.traits or row.tone or row.approach):
        raise InvalidInput(_("Say how it answers: traits, a tone or an approach."), field="approach")
    save_named(row)
    action = actions.PERSONALITY_CHANGED if personality else actions.PERSONALITY_ADDED
    record(action, actor=actor, target=row, before=before, after=told(row, FIELDS))
    return row


@transaction.atomic
def remove_personality(*, actor: Any, personality: Personality) -> None:
    """Remove a personality of one's own. Raises Forbidden, Conflict for one that ships or is used."""
    require(actor, CHANGE)
    require_own(personality)
    require_unused(personality)
    record(actions.PERSONALITY_REMOVED, actor=actor, target=personality, before=told(personality, FIELDS))
    personality.delete()


# -- shared with sets of rules -------------------------------------------------------------------------------------


def require_own(row: Any) -> None:
    """Raise Conflict for what ships with the product."""
    if row.key:
        raise Conflict(_("This one ships with the product. Copy it, and change the copy."))


def require_unused(row: Any) -> None:
    """Raise Conflict while agents use it."""
    names = list(row.agents.values_list("name", flat=True))
    if names:
        raise Conflict(_("It is used by: %(names)s.") % {"names": ", ".join(names)})


def save_named(row: Any) -> None:
    """Save a row whose name stands once. Raises Conflict for a taken one."""
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise Conflict(_("There is one of this name already.")) from error


def checked_words(words: Iterable[str], field: str, *, most: int, most_chars: int) -> list[str]:
    """Return words or phrases, each once, in order. Raises InvalidInput for too many or too long ones."""
    found = list(dict.fromkeys(filter(None, (one_line(word, most_chars + 1) for word in words))))
    if len(found) > most or any(len(word) > most_chars for word in found):
        message = _("At most %(count)d, each of at most %(length)d characters.")
        raise InvalidInput(message % {"count": most, "length": most_chars}, field=field)
    return found


def told(row: Any, fields: Iterable[str]) -> dict[str, Any]:
    """Return a row's fields for the audit."""
    return {field: getattr(row, field) for field in fields}
