"""Who sees which evaluation sets and experiments, and how they fared."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Count, Q

from apps.agents.models import Agent

if TYPE_CHECKING:
    from apps.evaluations.models import EvaluationCase, EvaluationRun, EvaluationSet, Experiment  # noqa: F401


class SetQuerySet(models.QuerySet["EvaluationSet"]):
    def visible_to(self, user: Any) -> "SetQuerySet":
        """Sets of agents that a person may change."""
        return self.filter(agent__in=Agent.objects.editable_by(user))

    def with_sizes(self) -> "SetQuerySet":
        """With `size`, the number of cases."""
        return self.annotate(size=Count("cases", distinct=True))


class CaseQuerySet(models.QuerySet["EvaluationCase"]):
    def visible_to(self, user: Any) -> "CaseQuerySet":
        """Cases in sets of agents that a person may change."""
        return self.filter(evaluation_set__agent__in=Agent.objects.editable_by(user))


class EvaluationRunQuerySet(models.QuerySet["EvaluationRun"]):
    def visible_to(self, user: Any) -> "EvaluationRunQuerySet":
        """Runs of sets of agents that a person may change."""
        return self.filter(evaluation_set__agent__in=Agent.objects.editable_by(user))

    def with_counts(self) -> "EvaluationRunQuerySet":
        """With `total`, `passed`, `failed`, `broken` and `left` of their cases."""
        states = {name: Count("results", filter=Q(results__state=name)) for name in ("passed", "failed", "broken")}
        left = Count("results", filter=Q(results__state__in=("waiting", "asked")))
        return self.annotate(total=Count("results"), left=left, **states)


class ExperimentQuerySet(models.QuerySet["Experiment"]):
    def visible_to(self, user: Any) -> "ExperimentQuerySet":
        """Experiments on agents that a person may change."""
        return self.filter(agent__in=Agent.objects.editable_by(user))
