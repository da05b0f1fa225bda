"""Agent, and who it is shared with."""

from typing import ClassVar
from uuid import UUID

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.grants import CHANGE, MANAGE, USE, GroupGrant, Shared, UserGrant
from apps.agents.models.behaviour import Personality, RuleSet
from apps.agents.querysets import AgentQuerySet
from apps.agents.types import LEAST_STEPS, MOST_STEPS
from apps.core.models import TimestampedModel


class Agent(TimestampedModel, Shared):
    """A helper that a tenant has set up: instructions, a model and the collections it may search.

    One made from a blueprint asks for what that asks for, and works by its steps. A draft (`draft_of`) is what an agent may become: those who may change the agent change and try it, and nobody else
    knows it. In an experiment it answers `answers_percent` of the people who ask the agent, and does not change (see apps.agents.exposure).
    """

    LEVELS: ClassVar = {USE: _("Ask it"), CHANGE: _("Change it"), MANAGE: _("Manage it: share, shut, delete")}
    OPEN_TO: ClassVar = {USE: "agents.use_agent", CHANGE: "agents.change_agent"}
    THROUGH = "projects"

    class Tint(models.TextChoices):
        ACCENT = "", _("Petrol")
        INFO = "info", _("Blue")
        TOOL = "tool", _("Violet")
        OK = "ok", _("Green")
        WARN = "warn", _("Amber")

    draft_of = models.OneToOneField(
        "self",
        on_delete=models.CASCADE,
        null=True,
        editable=False,
        related_name="draft",
        verbose_name=_("draft of"),
    )
    name = models.CharField(_("name"), max_length=80)
    description = models.CharField(_("what it does, in one sentence"), max_length=200, blank=True)
    icon = models.SlugField(_("icon"), max_length=40, default="message-square")
    tint = models.CharField(_("colour"), max_length=8, choices=Tint, default=Tint.ACCENT, blank=True)
    instructions = models.TextField(_("instructions"), blank=True)
    model = models.ForeignKey(
        "providers.ProviderModel",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("model"),
        help_text=_("Empty: the tenant's default model."),
        limit_choices_to={"purpose": "chat"},
    )
    prompt = models.ForeignKey(
        "prompts.Prompt", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("prompt")
    )
    prompt_label = models.CharField(_("label of the prompt"), max_length=40, blank=True)
    prompt_version = models.ForeignKey(
        "prompts.PromptVersion",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("version of the prompt"),
    )
    prompt_values = models.JSONField(_("values of the prompt"), default=dict, blank=True)
    blueprint = models.SlugField(_("blueprint"), max_length=40, blank=True, default="", db_default="", editable=False)
    form = models.ForeignKey(
        "prompts.Prompt", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("form")
    )
    form_label = models.CharField(_("label of the form"), max_length=40, blank=True, default="", db_default="")
    personality = models.ForeignKey(
        Personality,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="agents",
        verbose_name=_("personality"),
    )
    rule_sets = models.ManyToManyField(RuleSet, blank=True, related_name="agents", verbose_name=_("sets of rules"))
    knowledge_bases = models.ManyToManyField(
        "knowledge.KnowledgeBase", blank=True, related_name="agents", verbose_name=_("collections")
    )
    projects = models.ManyToManyField(
        "projects.Project", blank=True, related_name="agents", verbose_name=_("projects"), editable=False
    )
    starters = models.JSONField(_("first questions"), default=list, blank=True)
    max_steps = models.PositiveSmallIntegerField(
        _("most steps in a run"), default=12, validators=(MinValueValidator(LEAST_STEPS), MaxValueValidator(MOST_STEPS))
    )
    is_active = models.BooleanField(_("switched on"), default=True)
    answers_percent = models.PositiveSmallIntegerField(
        _("percent of the people whom a draft answers"), default=0, db_default=0, editable=False
    )

    objects = AgentQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        verbose_name = _("agent")
        verbose_name_plural = _("agents")
        permissions = (("use_agent", "May ask agents"), ("manage_agent", "May share, shut and change all agents"))
        constraints = (
            models.UniqueConstraint(
                fields=("name",),
                condition=Q(draft_of=None),
                name="agent_name_once",
                violation_error_message=_("There is one of this name already."),
            ),
            models.CheckConstraint(
                condition=Q(prompt=None, prompt_label="", prompt_version=None)
                | Q(~Q(prompt_label=""), prompt__isnull=False, prompt_version=None)
                | Q(prompt__isnull=False, prompt_label="", prompt_version__isnull=False),
                name="agent_prompt_by_label_or_version",
                violation_error_message=_("A prompt is used by a label or by one version."),
            ),
            models.CheckConstraint(
                condition=Q(form=None, form_label="") | Q(~Q(form_label=""), form__isnull=False),
                name="agent_form_by_label",
                violation_error_message=_("A form is a prompt by one of its labels."),
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def has_form(self) -> bool:
        """Whether it can be started with a form."""
        return bool(self.form_id or self.blueprint)

    @property
    def published_id(self) -> UUID:
        """The agent that this is, or is a draft of: what settings, budgets and records of it hang on."""
        return self.draft_of_id or self.pk


class AgentUserGrant(UserGrant):
    content_object = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="user_grants")

    class Meta(UserGrant.Meta):
        pass


class AgentGroupGrant(GroupGrant):
    content_object = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="group_grants")

    class Meta(GroupGrant.Meta):
        pass
