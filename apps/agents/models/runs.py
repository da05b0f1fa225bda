"""Run and its RunEvents."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.agents.models.agents import Agent
from apps.agents.querysets import RunQuerySet
from apps.core.models import TimestampedModel, UUIDModel

_TEXTS: models.Field = ArrayField(models.CharField(max_length=16))


class Run(TimestampedModel):
    """One piece of an agent's work. Its input is copied in, so it stands alone; final states never change.

    `blueprint` is what it works by, "" for one that its agent decides; `result` is what that came to, as JSON, `mark` what it is about, the same for the same thing. `parent` is the run whose tool call `parent_call` started it, `depth` of them deep; `allowed_tools` narrows what its agent
    may use (null: nothing narrower). A trial was asked from the pages on which an agent is made; it counts for no health. `holds` says what it has read: `untrusted` text of others, `private` text of the organisation.
    In an experiment `arm` is what answers, and `variant` the draft by which a run of the challenger works (null when that is gone).
    `handed` is what a program that brought the history does itself: `tools`, what it did `after` the question, the `calls` handed back to it; null for others.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        WAITING = "waiting", _("Waiting")
        SUCCEEDED = "succeeded", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Stopped")
        NEEDS_REVIEW = "needs_review", _("Needs a look")
        DEAD = "dead", _("Given up")

    class Arm(models.TextChoices):
        NONE = "", _("No experiment")
        CONTROL = "control", _("Published")
        CHALLENGER = "challenger", _("Draft")

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
    handed = models.JSONField(null=True, editable=False)
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
    parent = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, editable=False, related_name="children", verbose_name=_("asked by")
    )
    parent_call = models.CharField(max_length=100, blank=True, default="", db_default="", editable=False)
    depth = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    allowed_tools = ArrayField(models.CharField(max_length=80), null=True, editable=False)
    holds = ArrayField(
        models.CharField(max_length=16), default=list, db_default=models.Value([], _TEXTS), editable=False
    )
    blueprint = models.SlugField(_("blueprint"), max_length=40, blank=True, default="", db_default="", editable=False)
    result = models.JSONField(_("result"), null=True, editable=False)
    mark = models.CharField(max_length=200, blank=True, default="", db_default="", editable=False)
    answer = models.TextField(_("answer"), blank=True)
    error = models.CharField(_("reason"), max_length=500, blank=True)
    error_code = models.CharField(max_length=40, blank=True, editable=False)
    input_tokens = models.PositiveIntegerField(_("tokens in"), default=0)
    output_tokens = models.PositiveIntegerField(_("tokens out"), default=0)
    agent_version = models.ForeignKey(
        "agents.AgentVersion",
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("version of the agent"),
    )
    arm = models.CharField(
        _("answered by"), max_length=10, choices=Arm, blank=True, default=Arm.NONE, db_default="", editable=False
    )
    variant = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, editable=False, related_name="+")
    is_trial = models.BooleanField(_("trial"), default=False, db_default=False, editable=False)
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
            models.Index(fields=("agent", "created_at"), condition=~Q(arm=""), name="run_in_experiment"),
            models.Index(fields=("agent", "mark"), name="run_marked", condition=~models.Q(mark="")),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("started_by", "idempotency_key"), condition=~Q(idempotency_key=""), name="run_idempotent"
            ),
            models.UniqueConstraint(
                fields=("parent", "parent_call"), condition=Q(parent__isnull=False), name="run_once_a_call"
            ),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def acts_as(self) -> Agent:
        """The agent by whose rows it works: the draft of an experiment as long as that is there, else its own."""
        return self.variant or self.agent

    @property
    def has_form_of_agent(self) -> bool:
        """Whether it began with the form that its agent has now."""
        if self.blueprint or self.agent.blueprint:
            return self.blueprint == self.agent.blueprint
        return self.form_version is not None and self.form_version.prompt_id == self.agent.form_id

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
        STEP = "step", _("Step of a blueprint")

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
