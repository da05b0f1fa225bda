"""Who sees which evaluation sets and experiments, and how they fared."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

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
        """With `total`, `passed`, `failed`, `broken` and `left` of their cases, counted for the rows of a page alone."""
        states = {name: self._count(state=name) for name in ("passed", "failed", "broken")}
        return self.annotate(total=self._count(), left=self._count(state__in=("waiting", "asked")), **states)

    def _count(self, **about: Any) -> Coalesce:
        results: Any = self.model._meta.get_field("results").related_model
        found = results.objects.filter(evaluation_run=OuterRef("pk"), **about).order_by()
        return Coalesce(Subquery(found.values("evaluation_run").annotate(n=Count("pk")).values("n")), 0)


class ExperimentQuerySet(models.QuerySet["Experiment"]):
    def visible_to(self, user: Any) -> "ExperimentQuerySet":
        """Experiments on agents that a person may change."""
        return self.filter(agent__in=Agent.objects.editable_by(user))
