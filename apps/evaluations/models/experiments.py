"""Experiment: a draft that answers a share of the people who ask its agent, until it is known which of both is better."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import TimestampedModel
from apps.evaluations.querysets import ExperimentQuerySet

LEAST_ENOUGH, MOST_ENOUGH = 20, 100_000


class Experiment(TimestampedModel):
    """An agent's draft (the challenger) against what is published (the control).

    It ends when each arm has `enough` answers in which the goal can be measured, at `until`, or before when one is surely better or
    the challenger surely fails more often. `figures` are those of its end (see apps.evaluations.measuring), `content` what the
    challenger was. One runs per agent.
    """

    class Goal(models.TextChoices):
        RATING = "rating", _("Answers called good")
        FAILURES = "failures", _("Answers that failed")
        COST = "cost", _("Cost of an answer")
        LATENCY = "latency", _("Time to answer")

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        ENDED = "ended", _("Ended")

    class Verdict(models.TextChoices):
        NONE = "", _("Not known yet")
        CHALLENGER = "challenger", _("The draft is better")
        CONTROL = "control", _("What is published is better")
        NEITHER = "neither", _("No difference was shown")
        HARM = "harm", _("The draft fails more often")
        CHANGED = "changed", _("One of both was changed")
        STOPPED = "stopped", _("Ended by hand")

    agent = models.ForeignKey(
        "agents.Agent", on_delete=models.CASCADE, related_name="experiments", verbose_name=_("agent")
    )
    name = models.CharField(_("name"), max_length=80)
    goal = models.CharField(_("decided by"), max_length=8, choices=Goal, default=Goal.RATING)
    percent = models.PositiveSmallIntegerField(
        _("percent of the people whom the draft answers"),
        default=50,
        validators=(MinValueValidator(1), MaxValueValidator(99)),
    )
    enough = models.PositiveIntegerField(
        _("answers on each side that are enough"),
        default=200,
        validators=(MinValueValidator(LEAST_ENOUGH), MaxValueValidator(MOST_ENOUGH)),
    )
    until = models.DateTimeField(_("at the latest until"))
    state = models.CharField(_("status"), max_length=8, choices=State, default=State.RUNNING)
    verdict = models.CharField(_("outcome"), max_length=10, choices=Verdict, blank=True, default=Verdict.NONE)
    figures = models.JSONField(default=dict, editable=False)
    content = models.JSONField(default=dict, editable=False)
    control = models.ForeignKey(
        "agents.AgentVersion",
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("published version"),
    )
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("started by")
    )
    ended_at = models.DateTimeField(_("ended"), null=True)

    objects = ExperimentQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        verbose_name = _("experiment")
        verbose_name_plural = _("experiments")
        constraints = (
            models.UniqueConstraint(fields=("agent",), condition=Q(state="running"), name="experiment_one_at_a_time"),
        )

    def __str__(self) -> str:
        return self.name
