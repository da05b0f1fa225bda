"""ToolGrant (what an agent may use, and who is asked before), Approval with its votes, StandingConsent."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.agents.models.agents import Agent
from apps.agents.models.behaviour import words_column
from apps.agents.models.runs import Run
from apps.agents.querysets import ApprovalQuerySet
from apps.core.models import TimestampedModel, UUIDModel


class ToolGrant(UUIDModel):
    """A tool that an agent has; `tool` is its key in the registry.

    `hosts` are those that a tool which reads addresses may reach in any run, `colleagues` the agents that it may ask.
    """

    class Consent(models.TextChoices):
        BY_RISK = "by_risk", _("When it sends, changes or could give something away")
        ALWAYS = "always", _("Before each use")
        WHEN_MIXED = "when_mixed", _("Only in a run that has read what others wrote")

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="tool_grants", verbose_name=_("agent"))
    tool = models.CharField(_("tool"), max_length=80)
    consent = models.CharField(_("asks before"), max_length=16, choices=Consent, default=Consent.BY_RISK)
    approvers = models.ForeignKey(
        Group,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("who decides"),
        help_text=_("Empty: whoever asked the agent. Otherwise somebody of this role or group, and never who asked."),
    )
    second_field = models.CharField(_("a second person decides above this argument"), max_length=80, blank=True)
    second_above = models.DecimalField(_("above"), max_digits=20, decimal_places=4, null=True, blank=True)
    hosts = words_column(_("hosts"), most_chars=253)
    colleagues = models.ManyToManyField(Agent, blank=True, related_name="+", verbose_name=_("agents"))

    class Meta:
        ordering = ("agent", "tool")
        verbose_name = _("tool of an agent")
        verbose_name_plural = _("tools of agents")
        constraints = (
            models.UniqueConstraint(fields=("agent", "tool"), name="tool_once_an_agent"),
            models.CheckConstraint(
                condition=Q(second_field="", second_above=None)
                | Q(~Q(second_field=""), second_above__isnull=False, approvers__isnull=False),
                name="second_person_of_approvers",
                violation_error_message=_(
                    "A second person is one of those who decide: choose who, and above which amount."
                ),
            ),
        )

    def __str__(self) -> str:
        return f"{self.agent}: {self.tool}"


class Approval(TimestampedModel):
    """A tool call that waits for people. `digest` is that of the exact arguments, and what votes are bound to.

    What was proposed stays in `proposed`; `arguments` are what will be sent. A decision is used once (`used_at`). With an
    `approvers_name` those named decide and nobody else, even when their group is gone; without one, whoever asked. `root` is
    the run that people see: `run`, or the one for which it works in the end.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("Waits")
        APPROVED = "approved", _("Approved")
        DECLINED = "declined", _("Declined")
        EXPIRED = "expired", _("Too late")
        CANCELLED = "cancelled", _("No longer needed")

    class Why(models.TextChoices):
        RISK = "risk", _("This sends or changes something.")
        ALWAYS = "always", _("This agent asks before each use of this tool.")
        PLAN = "plan", _("This is what it will do. Change it if you like.")
        MIXED = "mixed", _("The run has read what others wrote, and they could have asked for this.")

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="approvals", verbose_name=_("run"))
    root = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="family_approvals", editable=False)
    call_id = models.CharField(max_length=100, editable=False)
    tool = models.CharField(_("tool"), max_length=80)
    title = models.CharField(_("title"), max_length=200)
    risk = models.CharField(_("risk"), max_length=8)
    why = models.CharField(_("why"), max_length=8, choices=Why)
    proposed = models.JSONField(_("proposed arguments"))
    arguments = models.JSONField(_("arguments"))
    digest = models.CharField(_("digest of the arguments"), max_length=64)
    state = models.CharField(_("status"), max_length=16, choices=State, default=State.PENDING)
    approvers = models.ForeignKey(
        Group, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("who decides")
    )
    approvers_name = models.CharField(_("name of who decides"), max_length=150, blank=True)
    needed = models.PositiveSmallIntegerField(_("people needed"), default=1)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    expires_at = models.DateTimeField(_("until"))
    decided_at = models.DateTimeField(_("decided"), null=True)
    used_at = models.DateTimeField(_("used"), null=True)

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        indexes = (models.Index(fields=("state", "-created_at"), name="approval_waiting"),)
        constraints = (models.UniqueConstraint(fields=("run", "call_id"), name="approval_once_a_call"),)

    def __str__(self) -> str:
        return self.title

    @property
    def is_waiting(self) -> bool:
        return self.state == self.State.PENDING and self.expires_at > timezone.now()


class Vote(UUIDModel):
    """What one person said to an approval, bound to the digest of the arguments that they saw."""

    approval = models.ForeignKey(Approval, on_delete=models.CASCADE, related_name="votes", verbose_name=_("approval"))
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("person")
    )
    name = models.CharField(_("name"), max_length=150)
    is_for = models.BooleanField(_("in favour"))
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(_("when"), auto_now_add=True)

    class Meta:
        ordering = ("created_at",)
        verbose_name = _("vote")
        verbose_name_plural = _("votes")
        constraints = (models.UniqueConstraint(fields=("approval", "person", "digest"), name="vote_once_a_person"),)

    def __str__(self) -> str:
        return self.name


class StandingConsent(UUIDModel):
    """Somebody's word that an agent may use a tool for them without asking, until it runs out or is taken back."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("person")
    )
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="+", verbose_name=_("agent"))
    tool = models.CharField(_("tool"), max_length=80)
    created_at = models.DateTimeField(_("given"), auto_now_add=True)
    expires_at = models.DateTimeField(_("until"))

    class Meta:
        ordering = ("agent__name", "tool")
        verbose_name = _("standing consent")
        verbose_name_plural = _("standing consents")
        constraints = (models.UniqueConstraint(fields=("person", "agent", "tool"), name="consent_once"),)

    def __str__(self) -> str:
        return f"{self.person}: {self.agent}, {self.tool}"
