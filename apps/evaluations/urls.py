"""Addresses of evaluations and experiments."""

from django.urls import path

from apps.evaluations.views import cases, experiments, runs, sets

urlpatterns = [
    path("agents/<uuid:pk>/evaluations/", sets.agent_evaluations, name="evaluations"),
    path("agents/<uuid:pk>/evaluations/new/", sets.set_new, name="evaluation-set-new"),
    path("evaluations/<uuid:pk>/", sets.set_detail, name="evaluation-set"),
    path("evaluations/<uuid:pk>/edit/", sets.set_edit, name="evaluation-set-edit"),
    path("evaluations/<uuid:pk>/remove/", sets.set_remove, name="evaluation-set-remove"),
    path("evaluations/<uuid:pk>/import/", cases.case_import, name="evaluation-import"),
    path("evaluations/<uuid:pk>/cases/new/", cases.case_new, name="evaluation-case-new"),
    path("evaluations/<uuid:pk>/run/", runs.evaluation_start, name="evaluation-start"),
    path("evaluations/cases/<uuid:pk>/", cases.case_edit, name="evaluation-case"),
    path("evaluations/cases/<uuid:pk>/remove/", cases.case_remove, name="evaluation-case-remove"),
    path("evaluations/feedback/<uuid:pk>/", cases.feedback_choose, name="evaluation-feedback"),
    path("evaluations/runs/<uuid:pk>/", runs.evaluation_run, name="evaluation-run"),
    path("evaluations/runs/<uuid:pk>/stop/", runs.evaluation_stop, name="evaluation-stop"),
    path("agents/<uuid:pk>/experiments/new/", experiments.experiment_new, name="experiment-new"),
    path("experiments/<uuid:pk>/", experiments.experiment, name="experiment"),
    path("experiments/<uuid:pk>/end/", experiments.experiment_end, name="experiment-end"),
]
