"""Evaluations and experiments, for API clients."""

from apps.evaluations.api import evaluations, experiments

urlpatterns = [*evaluations.urlpatterns, *experiments.urlpatterns]
