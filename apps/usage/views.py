"""Pages of usage, budgets and prices."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.audit.services.trail import record
from apps.core.errors import DomainError, TooManyRequests
from apps.core.permissions import require
from apps.providers.models import ProviderModel
from apps.usage import actions
from apps.usage.forms import BudgetForm, GrantForm, PriceForm
from apps.usage.models import Budget, BudgetRequest
from apps.usage.prices import listed_rate, rate_of
from apps.usage.rendering import HEIGHT, WIDTH, as_csv, columns
from apps.usage.services import budgets, reports

PERIODS = (7, 30, 90)
MEASURES = ("cost", "tokens", "calls")
PARTS = ("agent", "model", "person", "project")


@require_GET
def usage_page(request: HttpRequest) -> HttpResponse:
    """What models came to: everybody's for whoever may see that, one's own for all others."""
    days, part, measure = _chosen(request)
    sees_all = request.user.has_perm(reports.VIEW)
    lines = reports.by_day(request.user, days)
    context: dict[str, Any] = {
        "days": days,
        "part": part,
        "measure": measure,
        "periods": PERIODS,
        "measures": [("cost", _("Cost")), ("tokens", _("Tokens")), ("calls", _("Calls"))],
        "parts": [
            ("agent", _("By agent")),
            ("model", _("By model")),
            ("person", _("By person")),
            ("project", _("By project")),
        ],
        "sees_all": sees_all,
        "totals": reports.totals(request.user, days),
        "lines": lines,
        "columns": columns(lines, measure),
        "width": WIDTH,
        "height": HEIGHT,
        "rows": reports.by(request.user, part, days) if sees_all else [],
        "own": budgets.own_standings(request.user),
    }
    return render(request, "usage/usage.html", context)


def _chosen(request: HttpRequest) -> tuple[int, str, str]:
    days, part, measure = (request.GET.get(name, "") for name in ("days", "by", "of"))
    return (
        int(days) if days in {str(n) for n in PERIODS} else 30,
        part if part in PARTS else "agent",
        measure if measure in MEASURES else "cost",
    )


@require_GET
def usage_export(request: HttpRequest) -> HttpResponse:
    """What the page shows, as CSV: a line a day, or a line for each agent, model, person or project."""
    days, part, _measure = _chosen(request)
    is_by_day = request.GET.get("by") == "day"
    lines = reports.by_day(request.user, days) if is_by_day else reports.by(request.user, part, days)
    record(actions.USAGE_EXPORTED, actor=request.user, after={"by": "day" if is_by_day else part, "days": days})
    response = HttpResponse(as_csv(lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="usage.csv"'
    response["Cache-Control"] = "no-store"
    return response


@require_http_methods(["GET", "POST"])
def budget_list(request: HttpRequest) -> HttpResponse:
    """GET shows how far every budget is spent, and who asks for more; POST sets a new one."""
    require(request.user, budgets.VIEW if request.method == "GET" else budgets.CHANGE)
    form = BudgetForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and _save(request, form, None):
        return redirect("budgets")
    may_change = request.user.has_perm(budgets.CHANGE)
    context = {
        "standings": budgets.standings(request.user),
        "requests": budgets.open_requests(request.user) if may_change else [],
        "may_change": may_change,
        "form": form,
    }
    return render(request, "usage/budget_list.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def budget_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    require(request.user, budgets.CHANGE)
    row = get_object_or_404(Budget, pk=pk)
    form = BudgetForm(request.POST if request.method == "POST" else None, row=row)
    if request.method == "POST" and _save(request, form, row):
        return redirect("budgets")
    return render(request, "usage/budget_edit.html", {"form": form, "row": row}, status=422 if form.errors else 200)


def _save(request: HttpRequest, form: BudgetForm, row: Budget | None) -> bool:
    if not form.is_valid():
        return False
    try:
        target = budgets.target_named(form.cleaned_data["scope"], form.cleaned_data["target"], row)
        budgets.save_budget(actor=request.user, values=form.values(), target=target, budget=row)
    except DomainError as error:
        form.add_error(error.field if error.field in form.fields else "name", str(error.message))
        return False
    messages.success(request, _("The budget is saved."))
    return True


@require_POST
def budget_remove(request: HttpRequest, pk: UUID) -> HttpResponse:
    require(request.user, budgets.CHANGE)
    budgets.remove_budget(actor=request.user, budget=get_object_or_404(Budget, pk=pk))
    messages.success(request, _("The budget is removed."))
    return redirect("budgets")


@require_POST
def budget_ask(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask for more of a budget that holds for oneself."""
    budget = get_object_or_404(budgets.askable(request.user), pk=pk)
    try:
        budgets.ask_for_more(actor=request.user, budget=budget, note=request.POST.get("note", ""))
    except TooManyRequests as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("Those who set budgets are told. You will get an e-mail."))
    return redirect("usage")


@require_POST
def request_answer(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Add to the period of a budget for which somebody asked, or decline with 0."""
    require(request.user, budgets.CHANGE)
    asked = get_object_or_404(BudgetRequest, pk=pk)
    form = GrantForm(request.POST)
    if form.is_valid():
        budgets.answer_request(actor=request.user, asked=asked, granted=form.cleaned_data["granted"])
    else:
        messages.error(request, _("Write how much is added, or 0."))
    return redirect("budgets")


@require_GET
def price_list(request: HttpRequest) -> HttpResponse:
    """What each model costs, and who says so."""
    require(request.user, reports.VIEW)
    return _prices(request)


def _prices(request: HttpRequest, wrong: ProviderModel | None = None, form: PriceForm | None = None) -> HttpResponse:
    found = ProviderModel.objects.select_related("provider", "price")
    rows = [
        {
            "model": model,
            "rate": rate_of(model),
            "listed": listed_rate(model.provider.kind, model.name),
            "form": form if wrong == model else None,
        }
        for model in found
        if not model.provider.is_built_in
    ]
    context = {"rows": rows, "may_change": request.user.has_perm(budgets.CHANGE)}
    return render(request, "usage/price_list.html", context, status=422 if form else 200)


@require_POST
def price_set(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Set what a model costs here; without numbers, as listed."""
    require(request.user, budgets.CHANGE)
    model = get_object_or_404(ProviderModel.objects.select_related("provider"), pk=pk)
    form = PriceForm(request.POST)
    if not form.is_valid():
        return _prices(request, model, form)
    budgets.set_price(actor=request.user, model=model, values=form.values())
    messages.success(request, _("The price of “%(name)s” is saved.") % {"name": model.name})
    return redirect("prices")
