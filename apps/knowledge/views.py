"""Pages of collections and documents."""

from datetime import date
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.services.sharing import may_manage
from apps.core.errors import DomainError, InvalidInput, TooLarge, Unavailable
from apps.core.htmx import is_part_wanted, page_or_part
from apps.core.models import is_uuid
from apps.knowledge import services
from apps.knowledge.forms import PasteForm
from apps.knowledge.models import Document, KnowledgeBase
from apps.knowledge.parsers import ACCEPTED
from apps.knowledge.types import Filters
from apps.providers.models import ProviderModel
from apps.providers.registry import has_embedding_model

PAGE_SIZE = 25
STEPS = [
    Document.State.UPLOADED,
    Document.State.CHECKED,
    Document.State.READ,
    Document.State.SPLIT,
    Document.State.READY,
]


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
    base = _visible(request, pk)
    context = {**_documents_context(request, base), **_reading_context(base), **_question_context(request, base)}
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
    """GET is the part that shows how far a change of the model has come; POST chooses another one, or (`stop`) leaves it."""
    base = _visible(request, pk)
    services.require_manager(request.user, base)
    if request.method == "GET":
        return render(request, "knowledge/_model.html", _model_context(base, may_manage=True))
    try:
        if "stop" in request.POST:
            services.stop_moving(actor=request.user, knowledge_base=base)
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


def _visible(request: HttpRequest, pk: UUID) -> KnowledgeBase:
    bases = KnowledgeBase.objects.select_related("embedding_model__provider", "next_model__provider")
    return get_object_or_404(bases.visible_to(request.user), pk=pk)


def _documents_context(request: HttpRequest, base: KnowledgeBase) -> dict[str, Any]:
    documents = base.documents.select_related("uploaded_by").named(request.GET.get("q", ""))
    documents = documents.fitting(_filters(request))
    if request.GET.get("state") in Document.State.values:
        documents = documents.filter(state=request.GET["state"])
    page = Paginator(documents, PAGE_SIZE).get_page(request.GET.get("page"))
    tags = base.documents.all_tags()
    return {"base": base, "page": page, "states": [Document.State.READY, Document.State.FAILED], "tags": tags}


def _filters(request: HttpRequest) -> Filters:
    """Read `tag`, `since` and `until` of the address; a day that is none does not narrow anything."""
    tags = tuple(tag for tag in request.GET.getlist("tag") if tag)
    return Filters(tags=tags, since=_day(request.GET.get("since", "")), until=_day(request.GET.get("until", "")))


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def _reading_context(base: KnowledgeBase) -> dict[str, Any]:
    reading = [_with_steps(document) for document in base.documents.in_reading().order_by("-created_at")[:50]]
    return {"base": base, "reading": reading, "is_busy": any(d["document"].state != "failed" for d in reading)}


def _with_steps(document: Document) -> dict[str, Any]:
    has_failed = document.state == Document.State.FAILED
    reached = STEPS.index(
        Document.State(document.failed_at or Document.State.UPLOADED if has_failed else document.state)
    )
    steps = [
        {"label": step.label, "mark": "done" if place <= reached else _open_mark(place, reached, has_failed)}
        for place, step in enumerate(STEPS)
    ]
    return {"document": document, "steps": steps, "has_failed": has_failed}


def _open_mark(place: int, reached: int, has_failed: bool) -> str:
    if place > reached + 1:
        return ""
    return "fail" if has_failed else "now"


def _question_context(request: HttpRequest, base: KnowledgeBase) -> dict[str, Any]:
    question = request.GET.get("question", "").strip()
    asked: dict[str, Any] = {"actor": request.user, "query": question, "bases": [base], "filters": _filters(request)}
    return {"question": question, "hits": services.search_documents(**asked) if question else []}


@require_GET
def collection_reading(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The part of the page that shows what is being read; asked again while anything is."""
    return render(request, "knowledge/_reading.html", _reading_context(_visible(request, pk)))


@require_POST
def document_upload(request: HttpRequest, pk: UUID) -> HttpResponse:
    base = _visible(request, pk)
    uploads = [upload for upload in request.FILES.getlist("file") if isinstance(upload, UploadedFile)]
    errors = [error for error in (_upload_error(request, base, upload) for upload in uploads) if error]
    if not uploads:
        errors = [InvalidInput(_("Choose at least one file."), field="file")]
    if is_part_wanted(request):
        context = {**_reading_context(base), "upload_errors": errors}
        return render(request, "knowledge/_reading.html", context, status=errors[0].status if errors else 200)
    for error in errors:
        messages.error(request, str(error.message))
    return redirect("collection", pk=pk)


@require_http_methods(["GET", "POST"])
def document_paste(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A document that is written here; what was pasted stays on the page until it is stored."""
    base = _visible(request, pk)
    services.require_editable(request.user, base)
    form = PasteForm(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_bound and form.is_valid():
        try:
            services.paste_document(actor=request.user, knowledge_base=base, **form.cleaned_data)
        except (InvalidInput, TooLarge, Unavailable) as error:
            form.add_error(error.field if error.field in form.fields else "text", str(error.message))
            status = error.status
        else:
            return redirect("collection", pk=pk)
    status = 422 if form.errors and status == 200 else status
    return render(request, "knowledge/document_paste.html", {"base": base, "form": form}, status=status)


def _upload_error(request: HttpRequest, base: KnowledgeBase, upload: UploadedFile) -> DomainError | None:
    try:
        services.upload_document(actor=request.user, knowledge_base=base, upload=upload)
    except DomainError as error:
        return error
    return None


def _document(request: HttpRequest, pk: UUID) -> Document:
    return get_object_or_404(Document.objects.visible_to(request.user).select_related("knowledge_base"), pk=pk)


@require_GET
def document_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The text as it was read, passage by passage; `?chunk=` marks the one that a citation opens."""
    return render(request, "knowledge/document_detail.html", _document_context(request, _document(request, pk)))


def _document_context(request: HttpRequest, document: Document) -> dict[str, Any]:
    chunks = document.chunks.order_by("position")
    wanted = request.GET.get("chunk", "")
    place = chunks.filter(position__lt=_position(document, wanted)).count() if wanted else 0
    number = place // PAGE_SIZE + 1 if wanted else request.GET.get("page")
    page = Paginator(chunks, PAGE_SIZE).get_page(number)
    return {"document": document, "page": page, "wanted": wanted, "quote": request.GET.get("quote", "")}


def _position(document: Document, wanted: str) -> int:
    try:
        return document.chunks.values_list("position", flat=True).get(pk=UUID(wanted))
    except (ValueError, document.chunks.model.DoesNotExist):
        return 0


@require_GET
def document_file(request: HttpRequest, pk: UUID) -> FileResponse:
    """The file as it was uploaded, always as a download: nothing of it is shown under our address."""
    document = _document(request, pk)
    response = FileResponse(document.file.open("rb"), as_attachment=True, filename=document.name)
    response["Content-Type"] = "application/octet-stream"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_POST
def document_tags(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Store the document's tags, written with commas between them."""
    document, typed = _document(request, pk), request.POST.get("tags", "")
    try:
        services.tag_document(actor=request.user, document=document, tags=typed.split(","))
    except InvalidInput as error:
        context = {**_document_context(request, document), "error": error, "typed": typed}
        return render(request, "knowledge/document_detail.html", context, status=422)
    return redirect("document", pk=pk)


@require_POST
def document_retry(request: HttpRequest, pk: UUID) -> HttpResponse:
    document = _document(request, pk)
    services.retry_document(actor=request.user, document=document)
    if is_part_wanted(request):
        return render(request, "knowledge/_reading.html", _reading_context(document.knowledge_base))
    return redirect("collection", pk=document.knowledge_base_id)


@require_POST
def document_delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    document = _document(request, pk)
    services.delete_document(actor=request.user, document=document)
    if is_part_wanted(request):
        return render(request, "knowledge/_reading.html", _reading_context(document.knowledge_base))
    messages.success(request, _("“%(name)s” is deleted.") % {"name": document.name})
    return redirect("collection", pk=document.knowledge_base_id)
