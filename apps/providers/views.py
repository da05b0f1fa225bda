"""Pages on which administrators set up providers and models, and try them."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.errors import Conflict, DomainError
from apps.core.permissions import require
from apps.providers import breaker, services
from apps.providers.errors import ProviderError
from apps.providers.forms import ModelForm, ProviderForm
from apps.providers.models import Provider, ProviderModel
from apps.providers.registry import kind_of, kinds

VIEW, CHANGE = "providers.view_provider", services.RIGHT


@require_GET
def provider_list(request: HttpRequest) -> HttpResponse:
    """Every provider with its models and whether it is asked just now."""
    require(request.user, VIEW)
    models = ProviderModel.objects.select_related("fallback__provider")
    found = Provider.objects.prefetch_related(Prefetch("models", models))
    rows = [{"provider": row, "kind": kinds().get(row.kind), "breaker": breaker.state_of(row)} for row in found]
    offered = [kind for kind in kinds().values() if not kind.is_built_in]
    return render(request, "providers/provider_list.html", {"rows": rows, "kinds": offered})


@require_GET
def ollama(request: HttpRequest) -> HttpResponse:
    """A part of the list: an Ollama on this machine, when there is one that no provider stands for."""
    require(request.user, CHANGE)
    return render(request, "providers/_ollama.html", {"models": services.found_ollama()})


@require_http_methods(["GET", "POST"])
def provider_new(request: HttpRequest) -> HttpResponse:
    """The form of a new provider; `kind` in the address says of which kind."""
    require(request.user, CHANGE)
    kind = kinds().get(request.GET.get("kind", ""))
    if kind is None or kind.is_built_in:
        raise Http404
    return _edit(request, ProviderForm(request.POST if request.method == "POST" else None, kind=kind, row=None), None)


@require_http_methods(["GET", "POST"])
def provider_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    require(request.user, CHANGE)
    row = get_object_or_404(Provider, pk=pk)
    return _edit(
        request, ProviderForm(request.POST if request.method == "POST" else None, kind=kind_of(row), row=row), row
    )


def _edit(request: HttpRequest, form: ProviderForm, row: Provider | None) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            saved = services.save_provider(
                actor=request.user, values=form.values(), api_key=form.new_key(), provider=row
            )
        except DomainError as error:
            _blame(form, error, "name")
        else:
            messages.success(request, _("“%(name)s” is saved. Try its connection now.") % {"name": saved.name})
            return redirect("provider", saved.pk)
    context = {"form": form, "row": row, "kind": form.kind}
    return render(request, "providers/provider_edit.html", context, status=422 if form.errors else 200)


def _blame(form: forms.Form, error: DomainError, otherwise: str) -> None:
    field = error.field or (otherwise if isinstance(error, Conflict) else "")
    form.add_error(field if field in form.fields else None, str(error.message))


@require_GET
def provider_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    require(request.user, VIEW)
    row = get_object_or_404(Provider, pk=pk)
    return _detail(request, row, ModelForm())


def _detail(request: HttpRequest, row: Provider, form: ModelForm) -> HttpResponse:
    context = {
        "row": row,
        "kind": kinds().get(row.kind),
        "models": row.models.select_related("fallback__provider"),
        "breaker": breaker.state_of(row),
        "form": form,
        "may_change": request.user.has_perm(CHANGE),
    }
    return render(request, "providers/provider_detail.html", context, status=422 if form.errors else 200)


@require_POST
def provider_remove(request: HttpRequest, pk: UUID) -> HttpResponse:
    require(request.user, CHANGE)
    row = get_object_or_404(Provider, pk=pk)
    try:
        services.remove_provider(actor=request.user, provider=row)
    except Conflict as error:
        messages.error(request, str(error.message))
        return redirect("provider", pk)
    messages.success(request, _("“%(name)s” is removed.") % {"name": row.name})
    return redirect("models")


@require_POST
def provider_test(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Try the connection: a part for the page, or the whole page without script."""
    require(request.user, CHANGE)
    row = get_object_or_404(Provider, pk=pk)
    trial = services.try_connection(actor=request.user, provider=row, model=request.POST.get("model", "")[:120])
    if request.headers.get("HX-Request"):
        return render(request, "providers/_trial.html", {"trial": trial})
    say = messages.success if trial.is_good else messages.error
    say(request, _("The connection works.") if trial.is_good else f"{trial.problem} {trial.advice}")
    return redirect("provider", pk)


@require_POST
def provider_reset(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Let a provider be asked again."""
    require(request.user, CHANGE)
    services.reset_breaker(actor=request.user, provider=get_object_or_404(Provider, pk=pk))
    return redirect("provider", pk)


@require_GET
def provider_offered(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What the provider says it has, to be added by a click."""
    require(request.user, CHANGE)
    row = get_object_or_404(Provider, pk=pk)
    context: dict[str, Any] = {"row": row, "known": set(row.models.values_list("name", flat=True))}
    try:
        context["offered"] = services.offered_models(actor=request.user, provider=row)
    except ProviderError as error:
        context["problem"] = _(error.sentence)
    return render(request, "providers/_offered.html", context)


@require_POST
def model_add(request: HttpRequest, pk: UUID) -> HttpResponse:
    require(request.user, CHANGE)
    row = get_object_or_404(Provider, pk=pk)
    form = ModelForm(request.POST)
    if form.is_valid():
        try:
            services.save_model(actor=request.user, provider=row, values=form.cleaned_data)
        except DomainError as error:
            _blame(form, error, "name")
        else:
            return redirect("provider", pk)
    return _detail(request, row, form)


@require_http_methods(["GET", "POST"])
def model_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    require(request.user, CHANGE)
    row = get_object_or_404(ProviderModel.objects.select_related("provider"), pk=pk)
    form = ModelForm(request.POST if request.method == "POST" else None, row=row)
    if request.method == "POST" and form.is_valid():
        try:
            services.save_model(actor=request.user, provider=row.provider, values=form.cleaned_data, model=row)
        except DomainError as error:
            _blame(form, error, "name")
        else:
            messages.success(request, _("“%(name)s” is saved.") % {"name": row.name})
            return redirect("provider", row.provider_id)
    context = {"form": form, "row": row}
    return render(request, "providers/model_edit.html", context, status=422 if form.errors else 200)


@require_POST
def model_remove(request: HttpRequest, pk: UUID) -> HttpResponse:
    require(request.user, CHANGE)
    row = get_object_or_404(ProviderModel, pk=pk)
    try:
        services.remove_model(actor=request.user, model=row)
    except Conflict as error:
        messages.error(request, str(error.message))
    return redirect("provider", row.provider_id)
