"""Pages of a collection's sources."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.services.sharing import require_manage
from apps.core.errors import Conflict, InvalidInput
from apps.core.htmx import page_or_part
from apps.knowledge.forms import SourceForm
from apps.knowledge.models import KnowledgeBase, Source
from apps.knowledge.services import sources
from apps.knowledge.views.collections import PAGE_SIZE, visible_base


@require_GET
def source_list(request: HttpRequest, pk: UUID) -> HttpResponse:
    base = visible_base(request, pk)
    require_manage(request.user, base)
    found = base.sources.with_counts().select_related("knowledge_base")
    context = {"base": base, "sources": found, "is_busy": any(source.is_busy or source.next_at for source in found)}
    return page_or_part(request, "knowledge/source_list.html", "knowledge/_sources.html", context)


@require_http_methods(["GET", "POST"])
def source_new(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A form for a source of one kind (`?kind=`)."""
    base = visible_base(request, pk)
    require_manage(request.user, base)
    kind = request.GET.get("kind", "")
    kind = kind if kind in Source.Kind.values else Source.Kind.SITE
    form = SourceForm(request.POST if request.method == "POST" else None, kind=kind)
    if form.is_bound and form.is_valid():
        source = _tried(form, lambda: _added(request, base, kind, form))
        if source is not None:
            messages.success(request, _("It is looked through now. What can be read there becomes documents."))
            return redirect("source", source.pk)
    return _form_page(request, {"base": base, "form": form, "kind": kind, "kinds": Source.Kind.choices})


def _added(request: HttpRequest, base: KnowledgeBase, kind: str, form: SourceForm) -> Source:
    secret = form.cleaned_data.get("secret", "")
    return sources.add_source(actor=request.user, knowledge_base=base, kind=kind, values=form.values(), secret=secret)


@require_http_methods(["GET", "POST"])
def source_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    source = _source(request, pk)
    form = SourceForm(request.POST if request.method == "POST" else None, kind=source.kind, source=source)
    if form.is_bound and form.is_valid():
        changed = _tried(form, lambda: _changed(request, source, form))
        if changed is not None:
            messages.success(request, _("The source is changed."))
            return redirect("source", source.pk)
    return _form_page(request, {"base": source.knowledge_base, "source": source, "form": form, "kind": source.kind})


def _changed(request: HttpRequest, source: Source, form: SourceForm) -> Source:
    secret = form.cleaned_data.get("secret") or None
    return sources.change_source(actor=request.user, source=source, values=form.values(), secret=secret)


def _tried(form: SourceForm, work: Any) -> Source | None:
    try:
        done: Source = work()
    except (InvalidInput, Conflict) as error:
        field = getattr(error, "field", None)
        form.add_error(field if field in form.fields else None, str(error.message))
        return None
    return done


def _form_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    return render(request, "knowledge/source_edit.html", context, status=422 if context["form"].errors else 200)


@require_GET
def source_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What is there, and what became of it; asked again while it is looked through."""
    source = _source(request, pk)
    items = source.items.select_related("document").filter(key__icontains=request.GET.get("q", ""))
    if request.GET.get("state") == "failed":
        items = items.exclude(error="")
    page = Paginator(items, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"source": source, "base": source.knowledge_base, "page": page}
    return page_or_part(request, "knowledge/source_detail.html", "knowledge/_source.html", context)


@require_POST
def source_now(request: HttpRequest, pk: UUID) -> HttpResponse:
    source = _source(request, pk)
    sources.look_through(actor=request.user, source=source)
    messages.success(request, _("It is looked through now."))
    return redirect("source", source.pk)


@require_POST
def source_remove(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Remove it; with `keep` its documents stay."""
    source = _source(request, pk)
    sources.remove_source(actor=request.user, source=source, keeps_documents="keep" in request.POST)
    messages.success(request, _("The source is removed."))
    return redirect("sources", source.knowledge_base_id)


def _source(request: HttpRequest, pk: UUID) -> Source:
    seen = Source.objects.visible_to(request.user).with_counts()
    return get_object_or_404(seen.select_related("knowledge_base", "made_by"), pk=pk)
