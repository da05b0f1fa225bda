"""Fact: something that agents remember about a person."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.agents.models.agents import Agent
from apps.core.models import UUIDModel

MOST_FACT_CHARS, MOST_FACTS = 300, 100


class Fact(UUIDModel):
    """A sentence about one person, which agents with a memory are told when that person asks; the list is that person's alone.

    `noted_by` is the agent that was told, null where the person wrote it down.
    """

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="facts", verbose_name=_("person")
    )
    text = models.CharField(_("fact"), max_length=MOST_FACT_CHARS)
    noted_by = models.ForeignKey(
        Agent, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("noted by")
    )
    created_at = models.DateTimeField(_("noted"), auto_now_add=True)

    class Meta:
        ordering = ("created_at",)
        verbose_name = _("fact about a person")
        verbose_name_plural = _("facts about people")
        constraints = (models.UniqueConstraint(fields=("person", "text"), name="fact_once"),)

    def __str__(self) -> str:
        return str(self.person)
