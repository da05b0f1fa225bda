"""Pages of collections."""

from datetime import date
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.services.sharing import may_manage
from apps.core.errors import DomainError, InvalidInput
from apps.core.htmx import page_or_part
from apps.core.models import is_uuid
from apps.knowledge import services
from apps.knowledge.models import Document, KnowledgeBase
from apps.knowledge.parsers import ACCEPTED
from apps.knowledge.types import Filters
from apps.knowledge.views.reading import reading_context
from apps.providers.models import ProviderModel
from apps.providers.registry import has_embedding_model

PAGE_SIZE = 25


@require_http_methods(["GET", "POST"])
def collection_list(request: HttpRequest) -> HttpResponse:
    """GET lists the collections; POST creates one."""
    context: dict[str, Any] = {}
    status = 200
    if request.method == "POST":
        name = request.POST.get("name", "")
        try:
            base = services.create_collection(actor=request.user, name=name)
        except InvalidInput as error:
            context, status = {"error": error, "name": name}, error.status
        else:
            return redirect("collection", pk=base.pk)
    bases = (
        KnowledgeBase.objects.visible_to(request.user)
        .annotate(
            document_count=Count("documents", distinct=True),
            failed_count=Count("documents", filter=Q(documents__state=Document.State.FAILED), distinct=True),
            agent_count=Count("agents", distinct=True),
        )
        .order_by("name")
    )
    return render(request, "knowledge/collection_list.html", {**context, "bases": bases}, status=status)


@require_GET
def collection_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    base = visible_base(request, pk)
    context = {**_documents_context(request, base), **reading_context(base), **_question_context(request, base)}
    context |= {"accepted": ACCEPTED, "max_bytes": settings.MAX_DOCUMENT_BYTES}
    context |= _model_context(base, may_manage=may_manage(request.user, base))
    context |= {"may_add": KnowledgeBase.objects.editable_by(request.user).filter(pk=base.pk).exists()}
    return page_or_part(request, "knowledge/collection_detail.html", "knowledge/_documents.html", context)


def _model_context(base: KnowledgeBase, *, may_manage: bool) -> dict[str, Any]:
    """Return by which model a collection is found, which others there are for whoever may choose, and how far a change has come."""
    return {
        "base": base,
        "has_embeddings": base.embedding_model_id is not None or has_embedding_model(),
        "may_manage": may_manage,
        "models": ProviderModel.objects.for_embeddings().select_related("provider") if may_manage else [],
    }


@require_http_methods(["GET", "POST"])
def collection_model(request: HttpRequest, pk: UUID) -> HttpResponse:
    """GET is the part that shows how far a change of the model has come; POST chooses another one, (`stop`) leaves it, or (`rerank`) says how what is found is ordered."""
    base = visible_base(request, pk)
    services.require_manager(request.user, base)
    if request.method == "GET":
        return render(request, "knowledge/_model.html", _model_context(base, may_manage=True))
    try:
        if "stop" in request.POST:
            services.stop_moving(actor=request.user, knowledge_base=base)
        elif "rerank" in request.POST:
            is_reranked = request.POST["rerank"] == "1"
            services.choose_ranking(actor=request.user, knowledge_base=base, is_reranked=is_reranked)
        else:
            services.choose_model(actor=request.user, knowledge_base=base, model=_model_named(request))
    except DomainError as error:
        messages.error(request, str(error.message))
    return redirect("collection", pk=pk)


def _model_named(request: HttpRequest) -> ProviderModel | None:
    """Return the chosen model, None for the built-in one. Raises Http404."""
    key = request.POST.get("model", "")
    if key and not is_uuid(key):
        raise Http404
    return get_object_or_404(ProviderModel.objects.for_embeddings(), pk=key) if key else None


def visible_base(request: HttpRequest, pk: UUID) -> KnowledgeBase:
    bases = KnowledgeBase.objects.select_related("embedding_model__provider", "next_model__provider")
    return get_object_or_404(bases.visible_to(request.user), pk=pk)


def _documents_context(request: HttpRequest, base: KnowledgeBase) -> dict[str, Any]:
    documents = base.documents.select_related("uploaded_by").named(request.GET.get("q", ""))
    documents = documents.fitting(_filters(request)).used(request.GET.get("use", "")).with_use()
    if request.GET.get("state") in Document.State.values:
        documents = documents.filter(state=request.GET["state"])
    page = Paginator(documents, PAGE_SIZE).get_page(request.GET.get("page"))
    states = [Document.State.READY, Document.State.FAILED]
    narrow = {"tags": base.documents.all_tags(), "languages": base.documents.all_languages()}
    return {"base": base, "page": page, "states": states, **narrow}


def _filters(request: HttpRequest) -> Filters:
    """Read `tag`, `language`, `since` and `until` of the address; a day that is none does not narrow anything."""
    tags = tuple(tag for tag in request.GET.getlist("tag") if tag)
    since, until = _day(request.GET.get("since", "")), _day(request.GET.get("until", ""))
    return Filters(tags=tags, since=since, until=until, language=request.GET.get("language", ""))


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def _question_context(request: HttpRequest, base: KnowledgeBase) -> dict[str, Any]:
    question = request.GET.get("question", "").strip()
    asked: dict[str, Any] = {"actor": request.user, "query": question, "bases": [base], "filters": _filters(request)}
    return {"question": question, "hits": services.search_documents(**asked, is_explained=True) if question else []}


@require_GET
def collection_reading(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The part of the page that shows what is being read; asked again while anything is."""
    return render(request, "knowledge/_reading.html", reading_context(visible_base(request, pk)))
