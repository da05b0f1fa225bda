"""Pages of business rules."""

from uuid import UUID

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.agents.forms import RuleForm, RuleSetForm
from apps.agents.models import Rule, RuleSet
from apps.agents.services import rule_sets as services
from apps.core.errors import Conflict, DomainError
from apps.core.permissions import require


@require_GET
def rule_set_list(request: HttpRequest) -> HttpResponse:
    """Every set, those that ship too."""
    require(request.user, services.VIEW)
    rows = RuleSet.objects.annotate(
        rule_count=Count("rules", distinct=True), agent_count=Count("agents", distinct=True)
    ).order_by("name")
    context = {"rows": rows, "may_change": request.user.has_perm(services.CHANGE)}
    return render(request, "agents/rule_set_list.html", context)


@require_http_methods(["GET", "POST"])
def rule_set_new(request: HttpRequest) -> HttpResponse:
    require(request.user, services.CHANGE)
    form = RuleSetForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and (saved := _save(request, form, None)):
        return redirect("rule-set", saved.pk)
    return render(request, "agents/rule_set_new.html", {"form": form}, status=422 if form.errors else 200)


def _save(request: HttpRequest, form: RuleSetForm, row: RuleSet | None) -> RuleSet | None:
    if not form.is_valid():
        return None
    try:
        return services.save_rule_set(actor=request.user, values=form.cleaned_data, rule_set=row)
    except DomainError as error:
        form.add_error(error.field if error.field in form.fields else "name", str(error.message))
        return None


@require_http_methods(["GET", "POST"])
def rule_set_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A set with its rules; POST changes its name and what the model is told."""
    require(request.user, services.VIEW if request.method == "GET" else services.CHANGE)
    row = get_object_or_404(RuleSet, pk=pk)
    form = RuleSetForm(request.POST if request.method == "POST" else None, row=row)
    if request.method == "POST" and _save(request, form, row):
        messages.success(request, _("“%(name)s” is saved.") % {"name": row.name})
        return redirect("rule-set", pk)
    return _detail(request, get_object_or_404(RuleSet, pk=pk), form, RuleForm())


def _detail(request: HttpRequest, row: RuleSet, form: RuleSetForm, rule: RuleForm) -> HttpResponse:
    context = {
        "row": row,
        "rules": row.rules.all(),
        "agents": row.agents.all(),
        "form": form,
        "rule": rule,
        "may_change": request.user.has_perm(services.CHANGE) and not row.key,
        "may_copy": request.user.has_perm(services.CHANGE),
    }
    return render(request, "agents/rule_set_detail.html", context, status=422 if form.errors or rule.errors else 200)


@require_POST
def rule_set_copy(request: HttpRequest, pk: UUID) -> HttpResponse:
    require(request.user, services.CHANGE)
    made = services.copy_rule_set(actor=request.user, rule_set=get_object_or_404(RuleSet, pk=pk))
    messages.success(request, _("“%(name)s” is yours to change.") % {"name": made.name})
    return redirect("rule-set", made.pk)


@require_POST
def rule_set_remove(request: HttpRequest, pk: UUID) -> HttpResponse:
    require(request.user, services.CHANGE)
    row = get_object_or_404(RuleSet, pk=pk)
    try:
        services.remove_rule_set(actor=request.user, rule_set=row)
    except Conflict as error:
        messages.error(request, str(error.message))
        return redirect("rule-set", pk)
    return redirect("rule-sets")


@require_POST
def rule_add(request: HttpRequest, pk: UUID) -> HttpResponse:
    require(request.user, services.CHANGE)
    row = get_object_or_404(RuleSet, pk=pk)
    form = RuleForm(request.POST)
    if _save_rule(request, form, row, None):
        return redirect("rule-set", pk)
    return _detail(request, row, RuleSetForm(row=row), form)


@require_http_methods(["GET", "POST"])
def rule_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    require(request.user, services.CHANGE)
    rule = get_object_or_404(Rule.objects.select_related("rule_set"), pk=pk)
    form = RuleForm(request.POST if request.method == "POST" else None, row=rule)
    if request.method == "POST" and _save_rule(request, form, rule.rule_set, rule):
        return redirect("rule-set", rule.rule_set_id)
    return render(request, "agents/rule_edit.html", {"form": form, "row": rule}, status=422 if form.errors else 200)


def _save_rule(request: HttpRequest, form: RuleForm, row: RuleSet, rule: Rule | None) -> bool:
    if not form.is_valid():
        return False
    try:
        services.save_rule(actor=request.user, rule_set=row, values=form.cleaned_data, rule=rule)
    except DomainError as error:
        form.add_error(error.field if error.field in form.fields else "name", str(error.message))
        return False
    return True


@require_POST
def rule_remove(request: HttpRequest, pk: UUID) -> HttpResponse:
    require(request.user, services.CHANGE)
    rule = get_object_or_404(Rule.objects.select_related("rule_set"), pk=pk)
    try:
        services.remove_rule(actor=request.user, rule=rule)
    except Conflict as error:
        messages.error(request, str(error.message))
    return redirect("rule-set", rule.rule_set_id)
