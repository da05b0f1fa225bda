"""Agent with its Personality and RuleSets, Run and RunEvent."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.accounts.grants import CHANGE, MANAGE, USE, GroupGrant, Shared, UserGrant
from apps.agents.querysets import AgentQuerySet, RunQuerySet
from apps.agents.types import LEAST_STEPS, MOST_STEPS, RuleSpec
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


class Agent(TimestampedModel, Shared):
    """A helper that a tenant has set up: instructions, a model and the collections it may search."""

    LEVELS: ClassVar = {USE: _("Ask it"), CHANGE: _("Change it"), MANAGE: _("Manage it: share, shut, delete")}
    OPEN_TO: ClassVar = {USE: "agents.use_agent", CHANGE: "agents.change_agent"}
    THROUGH = "projects"

    class Tint(models.TextChoices):
        ACCENT = "", _("Petrol")
        INFO = "info", _("Blue")
        TOOL = "tool", _("Violet")
        OK = "ok", _("Green")
        WARN = "warn", _("Amber")

    name = models.CharField(_("name"), max_length=80, unique=True)
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

    objects = AgentQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        verbose_name = _("agent")
        verbose_name_plural = _("agents")
        permissions = (("use_agent", "May ask agents"), ("manage_agent", "May share, shut and change all agents"))
        constraints = (
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


class AgentUserGrant(UserGrant):
    content_object = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="user_grants")

    class Meta(UserGrant.Meta):
        pass


class AgentGroupGrant(GroupGrant):
    content_object = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="group_grants")

    class Meta(GroupGrant.Meta):
        pass


class Run(TimestampedModel):
    """One piece of an agent's work. Its input is copied in, so it stands alone; final states never change."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        WAITING = "waiting", _("Waiting")
        SUCCEEDED = "succeeded", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Stopped")
        NEEDS_REVIEW = "needs_review", _("Needs a look")
        DEAD = "dead", _("Given up")

    FINAL = (State.SUCCEEDED, State.FAILED, State.CANCELLED, State.NEEDS_REVIEW, State.DEAD)

    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="runs", verbose_name=_("agent"))
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="runs",
        verbose_name=_("started by"),
    )
    state = models.CharField(_("status"), max_length=16, choices=State, default=State.QUEUED)
    title = models.CharField(_("title"), max_length=120)
    project = models.ForeignKey(
        "projects.Project",
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="runs",
        verbose_name=_("project"),
    )
    question = models.TextField(_("question"))
    history = models.JSONField(default=list, editable=False)
    instructions = models.TextField(_("what the model was told"), blank=True, editable=False)
    prompt_version = models.ForeignKey(
        "prompts.PromptVersion",
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("version of the prompt"),
    )
    form_version = models.ForeignKey(
        "prompts.PromptVersion",
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("version of the form"),
    )
    inputs = models.JSONField(
        _("filled in"), default=dict, db_default=models.Value({}, models.JSONField()), editable=False
    )
    answer = models.TextField(_("answer"), blank=True)
    error = models.CharField(_("reason"), max_length=500, blank=True)
    error_code = models.CharField(max_length=40, blank=True, editable=False)
    input_tokens = models.PositiveIntegerField(_("tokens in"), default=0)
    output_tokens = models.PositiveIntegerField(_("tokens out"), default=0)
    idempotency_key = models.CharField(max_length=100, blank=True, editable=False)
    asked_from = models.GenericIPAddressField(null=True, editable=False)
    asked_with_second_factor = models.BooleanField(default=False, editable=False)
    started_at = models.DateTimeField(_("started"), null=True, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, editable=False)

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        indexes = (
            models.Index(fields=("started_by", "-created_at"), name="run_own_newest"),
            models.Index(fields=("-created_at",), name="run_newest"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("started_by", "idempotency_key"), condition=~Q(idempotency_key=""), name="run_idempotent"
            ),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def is_final(self) -> bool:
        return self.state in self.FINAL

    @property
    def took_s(self) -> float | None:
        """Seconds from start to end, None while it has not ended."""
        if self.started_at and self.finished_at:
            return (self.finished_at - self.started_at).total_seconds()
        return None


class RunEvent(UUIDModel):
    """A finished step, or the intent of one with effects outside; numbered from 1 in each run, never changed."""

    class Kind(models.TextChoices):
        MODEL = "model", _("Model")
        INTENT = "intent", _("About to act")
        TOOL = "tool", _("Tool")
        RULES = "rules", _("Rules")

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="events")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=16, choices=Kind)
    name = models.CharField(max_length=120)
    payload = models.JSONField(default=dict)
    idempotency_key = models.CharField(max_length=200, blank=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()

    class Meta:
        ordering = ("run", "number")
        constraints = (
            models.UniqueConstraint(fields=("run", "number"), name="run_event_number_unique"),
            models.UniqueConstraint(
                fields=("idempotency_key", "kind"), condition=~Q(idempotency_key=""), name="run_effect_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.name}"

    @property
    def took_s(self) -> float:
        """Seconds that the step took."""
        return (self.finished_at - self.started_at).total_seconds()
