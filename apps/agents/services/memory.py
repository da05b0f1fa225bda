"""What agents remember about a person: theirs to see, write, change, delete and switch off, and nobody else's."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.agents import actions
from apps.agents.models import Fact
from apps.agents.models.memory import MOST_FACT_CHARS, MOST_FACTS
from apps.audit.services.trail import record
from apps.core.errors import Conflict, InvalidInput
from apps.core.language import one_line


@transaction.atomic
def note_fact(*, actor: Any, text: str) -> Fact:
    """Write down a fact about oneself. Raises InvalidInput, Conflict for one that stands already or when there is no room."""
    if Fact.objects.filter(person=actor).count() >= MOST_FACTS:
        raise Conflict(_("There is room for %(n)d. Delete some first.") % {"n": MOST_FACTS})
    fact = Fact(person=actor, text=_checked(text))
    _save(fact)
    record(actions.FACT_ADDED, actor=actor, target=fact)
    return fact


@transaction.atomic
def change_fact(*, actor: Any, fact: Fact, text: str) -> Fact:
    """Put a fact about oneself right. Raises InvalidInput, Conflict for one that stands already."""
    fact.text = _checked(text)
    _save(fact)
    record(actions.FACT_CHANGED, actor=actor, target=fact)
    return fact


@transaction.atomic
def forget(*, actor: Any, fact: Fact | None = None) -> None:
    """Delete a fact about oneself, or all of them."""
    facts = Fact.objects.filter(person=actor)
    for each in facts.filter(pk=fact.pk) if fact else facts:
        record(actions.FACT_REMOVED, actor=actor, target=each)
        each.delete()


@transaction.atomic
def let_remember(*, actor: Any, is_remembered: bool) -> None:
    """Let agents remember and be told, or not; what they know stays until it is deleted. Twice changes nothing."""
    if User.objects.filter(pk=actor.pk).exclude(is_remembered=is_remembered).update(is_remembered=is_remembered):
        record(actions.MEMORY_SWITCHED, actor=actor, target=actor, after={"is_remembered": is_remembered})


def _checked(text: str) -> str:
    text = one_line(text, MOST_FACT_CHARS + 1)
    if not text or len(text) > MOST_FACT_CHARS:
        words = _("Write a sentence of at most %(n)d characters.") % {"n": MOST_FACT_CHARS}
        raise InvalidInput(words, field="text")
    return text


def _save(fact: Fact) -> None:
    try:
        with transaction.atomic():
            fact.save()
    except IntegrityError as error:
        raise Conflict(_("This is remembered already.")) from error
