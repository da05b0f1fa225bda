"""Evaluations and experiments in Django admin: to look at, and to stop; they are made on the pages of their agent."""

from collections.abc import Callable
from functools import partial

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.core.admin import ReadOnlyAdmin
from apps.core.errors import DomainError
from apps.evaluations.models import CaseResult, EvaluationCase, EvaluationRun, EvaluationSet, Experiment
from apps.evaluations.services import experiments, runs


class CaseInline(admin.TabularInline):
    model = EvaluationCase
    fields = readonly_fields = ("question", "values", "grader", "expected", "threshold")
    can_delete = False
    extra = 0


@admin.register(EvaluationSet)
class EvaluationSetAdmin(ReadOnlyAdmin):
    list_display = ("name", "agent", "is_guard", "tolerance", "created_at")
    list_filter = ("is_guard",)
    list_select_related = ("agent",)
    search_fields = ("name", "agent__name")
    inlines = (CaseInline,)


class ResultInline(admin.TabularInline):
    model = CaseResult
    fields = readonly_fields = ("number", "question", "grader", "state", "score", "reason")
    can_delete = False
    extra = 0


@admin.register(EvaluationRun)
class EvaluationRunAdmin(ReadOnlyAdmin):
    list_display = ("evaluation_set", "state", "is_draft", "version", "started_by", "created_at", "finished_at")
    list_filter = ("state", "is_draft")
    list_select_related = ("evaluation_set", "version__agent", "started_by")
    search_fields = ("evaluation_set__name", "evaluation_set__agent__name")
    exclude = ("content",)
    inlines = (ResultInline,)
    actions = ("stop",)

    def has_stop_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("evaluations.change_evaluationrun")

    @admin.action(description=_("Stop"), permissions=["stop"])
    def stop(self, request: HttpRequest, queryset: QuerySet[EvaluationRun]) -> None:
        found = queryset.filter(state=EvaluationRun.State.RUNNING).select_related("evaluation_set__agent")
        stopped = sum(_is_done(request, partial(runs.stop_evaluation, evaluation_run=row)) for row in found)
        words = ngettext("%(n)d evaluation is stopped.", "%(n)d evaluations are stopped.", stopped)
        messages.info(request, words % {"n": stopped})


@admin.register(Experiment)
class ExperimentAdmin(ReadOnlyAdmin):
    list_display = ("name", "agent", "goal", "percent", "state", "verdict", "started_by", "created_at", "ended_at")
    list_filter = ("state", "verdict", "goal")
    list_select_related = ("agent", "started_by")
    search_fields = ("name", "agent__name")
    exclude = ("content",)
    actions = ("end",)

    def has_end_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("evaluations.change_experiment")

    @admin.action(description=_("End"), permissions=["end"])
    def end(self, request: HttpRequest, queryset: QuerySet[Experiment]) -> None:
        found = queryset.filter(state=Experiment.State.RUNNING).select_related("agent")
        ended = sum(_is_done(request, partial(experiments.end_experiment, experiment=row)) for row in found)
        words = ngettext("%(n)d experiment is ended.", "%(n)d experiments are ended.", ended)
        messages.info(request, words % {"n": ended})


def _is_done(request: HttpRequest, act: Callable[..., None]) -> bool:
    try:
        act(actor=request.user)
    except DomainError as error:
        messages.error(request, str(error.message))
        return False
    return True
