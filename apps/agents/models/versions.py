"""AgentVersion: what an agent was at one time."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.agents.models.agents import Agent
from apps.core.models import UUIDModel


class AgentVersion(UUIDModel):
    """What an agent was after a change; numbered from 1, and never changed: the database refuses it.

    `content` is what apps.agents.services.versions.content_of() returns.
    """

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="versions", verbose_name=_("agent"))
    number = models.PositiveIntegerField(_("number"))
    content = models.JSONField(_("content"))
    note = models.CharField(_("what is new"), max_length=200, blank=True)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("written by")
    )
    created_at = models.DateTimeField(_("written"), auto_now_add=True)

    class Meta:
        ordering = ("agent", "-number")
        verbose_name = _("version of an agent")
        verbose_name_plural = _("versions of agents")
        constraints = (models.UniqueConstraint(fields=("agent", "number"), name="agent_version_once"),)

    def __str__(self) -> str:
        return f"{self.agent} {self.number}"
