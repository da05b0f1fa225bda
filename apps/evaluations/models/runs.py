"""EvaluationRun and CaseResult: one time that all cases of a set were asked, and what came of each."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import TimestampedModel, UUIDModel
from apps.evaluations.models.sets import EvaluationCase, EvaluationSet, Grader
from apps.evaluations.querysets import EvaluationRunQuerySet


class EvaluationRun(TimestampedModel):
    """One time that a set's cases were asked, of what is published or of the draft.

    `content` is what the agent was then (see AgentVersion), `version` the version that says so, none for a draft.
    """

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        STOPPED = "stopped", _("Stopped")

    evaluation_set = models.ForeignKey(
        EvaluationSet, on_delete=models.CASCADE, related_name="runs", verbose_name=_("evaluation set")
    )
    state = models.CharField(_("status"), max_length=8, choices=State, default=State.RUNNING)
    is_draft = models.BooleanField(_("of the draft"), default=False)
    version = models.ForeignKey(
        "agents.AgentVersion",
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("version of the agent"),
    )
    content = models.JSONField(editable=False)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("started by")
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True)

    objects = EvaluationRunQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        verbose_name = _("evaluation run")
        verbose_name_plural = _("evaluation runs")
        constraints = (
            models.UniqueConstraint(
                fields=("evaluation_set",), condition=models.Q(state="running"), name="evaluation_runs_one_at_a_time"
            ),
        )

    def __str__(self) -> str:
        return f"{self.evaluation_set} {self.created_at:%Y-%m-%d %H:%M}"


class CaseResult(UUIDModel):
    """What came of one case in one run. What was asked and expected is copied in, so that it stands when the case changes.

    `score` is from 0 to 1, null as long as it is not graded; one that could not be asked or graded is broken, for a `reason`.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waits")
        ASKED = "asked", _("Asked")
        PASSED = "passed", _("Passed")
        FAILED = "failed", _("Failed")
        BROKEN = "broken", _("Could not be graded")

    FINAL = (State.PASSED, State.FAILED, State.BROKEN)

    evaluation_run = models.ForeignKey(EvaluationRun, on_delete=models.CASCADE, related_name="results")
    case = models.ForeignKey(EvaluationCase, on_delete=models.SET_NULL, null=True, related_name="results")
    number = models.PositiveIntegerField(_("number"))
    question = models.TextField(_("question"), blank=True)
    values = models.JSONField(_("filled in"), default=dict)
    grader = models.CharField(_("graded by"), max_length=8, choices=Grader)
    expected = models.TextField(_("expected"))
    threshold = models.FloatField(_("passes from"))
    state = models.CharField(_("status"), max_length=8, choices=State, default=State.WAITING)
    run = models.OneToOneField("agents.Run", on_delete=models.SET_NULL, null=True, related_name="case_result")
    answer = models.TextField(_("answer"), blank=True)
    score = models.FloatField(_("mark"), null=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("evaluation_run", "number")
        verbose_name = _("result of a case")
        verbose_name_plural = _("results of cases")
        constraints = (models.UniqueConstraint(fields=("evaluation_run", "number"), name="case_result_number_once"),)

    def __str__(self) -> str:
        return self.asked[:80]

    @property
    def asked(self) -> str:
        """What was asked, in a line: the question, or what was filled in."""
        return self.question or "; ".join(f"{name}: {text}" for name, text in self.values.items())
