"""Pages on which prompts are written, compared, labelled and tried."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.errors import Conflict, DomainError
from apps.core.htmx import page_or_part
from apps.core.permissions import require
from apps.prompts.forms import PromptForm, TrialForm, ValuesForm, VariableForm, VersionForm, variable_forms
from apps.prompts.models import LABELS, Prompt, PromptLabel, PromptVersion
from apps.prompts.registry import uses_of
from apps.prompts.rendering import difference
from apps.prompts.services import library, trials

PAGE_SIZE = 25


@require_GET
def prompt_list(request: HttpRequest) -> HttpResponse:
    """Every prompt with where its labels stand."""
    require(request.user, library.VIEW)
    words = request.GET.get("q", "").strip()
    found = Prompt.objects.matching(words).prefetch_related("labels__version")
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "words": words}
    return page_or_part(request, "prompts/prompt_list.html", "prompts/_prompts.html", context)


@require_http_methods(["GET", "POST"])
def prompt_new(request: HttpRequest) -> HttpResponse:
    require(request.user, library.CHANGE)
    is_sent = request.method == "POST"
    form, version = PromptForm(request.POST if is_sent else None), VersionForm(request.POST if is_sent else None)
    rows = variable_forms(request.POST.get("text", ""), data=request.POST)
    if is_sent and "look" not in request.POST and _are_valid(form, version, *rows):
        try:
            made = library.create_prompt(
                actor=request.user,
                **form.cleaned_data,
                **version.cleaned_data,
                variables=[row.variable() for row in rows],
            )
        except DomainError as error:
            _blame(error, form, version, rows)
        else:
            messages.success(request, _("“%(name)s” is saved as a draft.") % {"name": made.name})
            return redirect("prompt", made.pk)
    context = {"form": form, "version": version, "rows": rows}
    return render(request, "prompts/prompt_new.html", context, status=_status(request, form, version, *rows))


def _are_valid(*forms: Any) -> bool:
    """Have every form look at what was sent, so that each shows its errors."""
    return [form.is_valid() or not form.is_bound for form in forms].count(False) == 0


def _status(request: HttpRequest, *forms: Any) -> int:
    return 422 if "look" not in request.POST and any(form.errors for form in forms) else 200


def _blame(error: DomainError, form: Any, version: VersionForm, rows: list[VariableForm]) -> None:
    """Show an error of the service at the field that it names."""
    kind, _dot, name = error.field.partition(".")
    for row in rows:
        if kind == "variables" and row.name == name and row.is_bound:
            row.add_error("default" if row.cleaned_data.get("kind") != "choice" else "choices", str(error.message))
            return
    if isinstance(error, Conflict) and form is not None:
        form.add_error("name", str(error.message))
        return
    for candidate in (form, version):
        if candidate is not None and error.field in candidate.fields:
            candidate.add_error(error.field, str(error.message))
            return
    version.add_error(None, str(error.message))


@require_POST
def prompt_variables(request: HttpRequest) -> HttpResponse:
    """The part with a form for each variable of the text that is being written."""
    require(request.user, library.CHANGE)
    rows = variable_forms(request.POST.get("text", ""), data=request.POST)
    return render(request, "prompts/_variables.html", {"rows": rows})


@require_GET
def prompt_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A prompt with one of its versions, the latest unless the address says another."""
    require(request.user, library.VIEW)
    prompt = get_object_or_404(Prompt, pk=pk)
    versions = list(prompt.versions.select_related("written_by").prefetch_related("labels"))
    wanted = request.GET.get("version", "")
    shown = next((version for version in versions if str(version.number) == wanted), versions[0])
    context = {
        "prompt": prompt,
        "versions": versions,
        "shown": shown,
        "labels": prompt.labels.select_related("version", "former"),
        "names": LABELS,
        "uses": uses_of(prompt),
        "may_change": request.user.has_perm(library.CHANGE),
    }
    return render(request, "prompts/prompt_detail.html", context)


@require_http_methods(["GET", "POST"])
def prompt_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Name and description; what a prompt says is changed by a new version."""
    require(request.user, library.CHANGE)
    prompt = get_object_or_404(Prompt, pk=pk)
    data = request.POST if request.method == "POST" else None
    form = PromptForm(data, initial={"name": prompt.name, "description": prompt.description})
    if request.method == "POST" and form.is_valid():
        try:
            library.describe_prompt(actor=request.user, prompt=prompt, **form.cleaned_data)
        except DomainError as error:
            form.add_error("name", str(error.message))
        else:
            return redirect("prompt", pk)
    context = {"form": form, "prompt": prompt}
    return render(request, "prompts/prompt_edit.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def version_new(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A further version, begun from the one that `from` names, or the latest."""
    require(request.user, library.CHANGE)
    prompt = get_object_or_404(Prompt, pk=pk)
    basis = _numbered(prompt, request.GET.get("from", "")) or prompt.versions.first()
    assert basis is not None  # a prompt is made with its first version
    is_sent = request.method == "POST"
    version = VersionForm(request.POST if is_sent else None, initial={"text": basis.text})
    text = request.POST.get("text", "") if is_sent else basis.text
    rows = variable_forms(text, basis.variables, request.POST if is_sent else None)
    if is_sent and "look" not in request.POST and _are_valid(version, *rows):
        variables = [row.variable() for row in rows]
        try:
            made = library.add_version(actor=request.user, prompt=prompt, variables=variables, **version.cleaned_data)
        except DomainError as error:
            _blame(error, None, version, rows)
        else:
            messages.success(request, _("Version %(n)d is saved.") % {"n": made.number})
            return redirect("prompt", pk)
    context = {"prompt": prompt, "version": version, "rows": rows, "basis": basis}
    return render(request, "prompts/version_new.html", context, status=_status(request, version, *rows))


def _numbered(prompt: Prompt, number: str) -> PromptVersion | None:
    is_number = number.isascii() and number.isdigit() and len(number) < 10
    return prompt.versions.filter(number=int(number)).first() if is_number else None


@require_GET
def prompt_compare(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Two versions beside each other: the one before the latest and the latest, unless the address says others."""
    require(request.user, library.VIEW)
    prompt = get_object_or_404(Prompt, pk=pk)
    versions = list(prompt.versions.all())
    after = _numbered(prompt, request.GET.get("to", "")) or versions[0]
    before = _numbered(prompt, request.GET.get("from", "")) or versions[min(1, len(versions) - 1)]
    context = {
        "prompt": prompt,
        "versions": versions,
        "before": before,
        "after": after,
        "lines": difference(before.text, after.text),
        "is_same": before.text == after.text,
    }
    return page_or_part(request, "prompts/prompt_compare.html", "prompts/_difference.html", context)


@require_POST
def prompt_remove(request: HttpRequest, pk: UUID) -> HttpResponse:
    require(request.user, library.CHANGE)
    prompt = get_object_or_404(Prompt, pk=pk)
    try:
        library.remove_prompt(actor=request.user, prompt=prompt)
    except Conflict as error:
        messages.error(request, str(error.message))
        return redirect("prompt", pk)
    messages.success(request, _("“%(name)s” is removed.") % {"name": prompt.name})
    return redirect("prompts")


# -- labels --------------------------------------------------------------------------------------------------------


@require_POST
def label_set(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Put a label on a version."""
    require(request.user, library.CHANGE)
    prompt = get_object_or_404(Prompt, pk=pk)
    version = _numbered(prompt, request.POST.get("version", ""))
    name = request.POST.get("label", "")
    try:
        if version is None:
            raise Conflict(_("There is no such version."))
        library.set_label(actor=request.user, prompt=prompt, name=name, version=version)
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("“%(label)s” is version %(n)d now.") % {"label": name, "n": version.number})
    return redirect("prompt", pk)


@require_POST
def label_back(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Put a label back to where it stood before."""
    require(request.user, library.CHANGE)
    label = get_object_or_404(PromptLabel, pk=pk)
    try:
        moved = library.roll_back(actor=request.user, label=label)
    except Conflict as error:
        messages.error(request, str(error.message))
    else:
        messages.success(
            request, _("“%(label)s” is version %(n)d again.") % {"label": moved.name, "n": moved.version.number}
        )
    return redirect("prompt", label.prompt_id)


@require_POST
def label_remove(request: HttpRequest, pk: UUID) -> HttpResponse:
    require(request.user, library.CHANGE)
    label = get_object_or_404(PromptLabel, pk=pk)
    try:
        library.remove_label(actor=request.user, label=label)
    except Conflict as error:
        messages.error(request, str(error.message))
    return redirect("prompt", label.prompt_id)


# -- trying --------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def prompt_try(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask a model under one version, or under two beside each other."""
    require(request.user, library.CHANGE)
    prompt = get_object_or_404(Prompt, pk=pk)
    version = _numbered(prompt, request.GET.get("version", "")) or prompt.versions.first()
    assert version is not None  # a prompt is made with its first version
    numbers = [n for n in prompt.versions.values_list("number", flat=True) if n != version.number]
    data = request.POST if request.method == "POST" else None
    form = TrialForm(data, numbers=numbers, initial={"other": numbers[0] if numbers else ""})
    other = _numbered(prompt, data.get("other", "")) if data else None
    versions = [version, other] if other else [version]
    values = ValuesForm(list({v.name: v for one in reversed(versions) for v in one.variables}.values()), data)
    context: dict[str, Any] = {"prompt": prompt, "version": version, "form": form, "values": values}
    if data is not None and form.is_valid() and values.is_valid():
        context["trials"] = _trials(request, versions, form, values)
    status = 422 if form.errors or values.errors else 200
    return page_or_part(request, "prompts/prompt_try.html", "prompts/_try.html", context, status=status)


def _trials(request: HttpRequest, versions: list[PromptVersion], form: TrialForm, values: ValuesForm) -> Any:
    try:
        return trials.try_versions(
            actor=request.user,
            versions=versions,
            values=values.values(),
            question=form.cleaned_data["question"],
            model=form.cleaned_data["model"],
        )
    except DomainError as error:
        kind, _dot, name = error.field.partition(".")
        if kind == "values" and name in values.fields:
            values.add_error(name, str(error.message))
        else:
            form.add_error("question" if error.field == "question" else None, str(error.message))
        return None
