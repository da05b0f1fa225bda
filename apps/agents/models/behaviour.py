"""Personality, RuleSet with its Rules: how agents answer."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.agents.types import RuleSpec
from apps.core.models import TimestampedModel, UUIDModel


def words_column(words: Any, *, most_chars: int, help_text: Any = "") -> ArrayField:
    """A column for some words or phrases."""
    inner = models.CharField(max_length=most_chars)
    return ArrayField(inner, verbose_name=words, default=list, blank=True, help_text=help_text)


class Personality(TimestampedModel):
    """A manner of answering. Those with a `key` ship with the product: they are copied, never changed."""

    key = models.SlugField(max_length=40, blank=True, editable=False)
    name = models.CharField(_("name"), max_length=80, unique=True)
    traits = words_column(_("traits"), most_chars=40)
    tone = models.CharField(_("tone"), max_length=200, blank=True)
    approach = models.TextField(_("approach"), blank=True, max_length=2000)

    class Meta:
        ordering = ("name",)
        verbose_name = _("personality")
        verbose_name_plural = _("personalities")
        constraints = (models.UniqueConstraint(fields=("key",), condition=~Q(key=""), name="personality_shipped_once"),)

    def __str__(self) -> str:
        return self.name


class RuleSet(TimestampedModel):
    """The business rules of a domain, and what they tell the model. Those with a `key` ship: copied, never changed."""

    key = models.SlugField(max_length=40, blank=True, editable=False)
    name = models.CharField(_("name"), max_length=80, unique=True)
    description = models.CharField(_("description"), max_length=200, blank=True)
    guidance = models.TextField(_("what the model is told"), blank=True, max_length=4000)

    class Meta:
        ordering = ("name",)
        verbose_name = _("set of rules")
        verbose_name_plural = _("sets of rules")
        constraints = (models.UniqueConstraint(fields=("key",), condition=~Q(key=""), name="rule_set_shipped_once"),)

    def __str__(self) -> str:
        return self.name


class Rule(UUIDModel):
    """One check of a set: before the model is asked (input) or before its answer stands (output)."""

    class Stage(models.TextChoices):
        INPUT = "input", _("The question")
        OUTPUT = "output", _("The answer")

    class Action(models.TextChoices):
        BLOCK = "block", _("Stop it, and say this")
        INSTRUCT = "instruct", _("Tell the model this as well")
        ADD = "add", _("Add this at the end")
        REPLACE = "replace", _("Put this instead of the phrase")
        NUMBER = "number", _("Number the steps")

    FITTING: ClassVar = {
        Stage.INPUT: (Action.BLOCK, Action.INSTRUCT),
        Stage.OUTPUT: (Action.BLOCK, Action.ADD, Action.REPLACE, Action.NUMBER),
    }

    rule_set = models.ForeignKey(
        RuleSet, on_delete=models.CASCADE, related_name="rules", verbose_name=_("set of rules")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    name = models.CharField(_("name"), max_length=80)
    stage = models.CharField(_("looks at"), max_length=8, choices=Stage)
    action = models.CharField(_("does"), max_length=8, choices=Action)
    mentions = words_column(
        _("when it mentions one of"), most_chars=100, help_text=_("Empty: always. A star stands for any ending.")
    )
    unless = words_column(_("unless it mentions one of"), most_chars=100)
    text = models.TextField(_("words"), blank=True, max_length=2000)

    class Meta:
        ordering = ("rule_set", "position", "name")
        verbose_name = _("business rule")
        verbose_name_plural = _("business rules")
        constraints = (models.UniqueConstraint(fields=("rule_set", "name"), name="rule_once_a_set"),)

    def __str__(self) -> str:
        return self.name

    @property
    def spec(self) -> RuleSpec:
        return RuleSpec(
            self.name,
            self.rule_set.name,
            self.stage,  # type: ignore[arg-type]
            self.action,  # type: ignore[arg-type]
            tuple(self.mentions),
            tuple(self.unless),
            gettext(self.text) if self.text and self.rule_set.key else self.text,
        )
