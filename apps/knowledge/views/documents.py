"""Pages of documents."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.errors import DomainError, InvalidInput, NotFound, TooLarge, Unavailable
from apps.core.htmx import is_part_wanted
from apps.core.models import is_uuid
from apps.knowledge import services
from apps.knowledge.forms import PasteForm
from apps.knowledge.models import Document, KnowledgeBase
from apps.knowledge.services import several
from apps.knowledge.views.collections import PAGE_SIZE, visible_base
from apps.knowledge.views.reading import reading_context

MOST_TOLD = 3


@require_POST
def document_upload(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Files that are sent whole, by a page without script. Raises the first DomainError where none of them was stored."""
    base = visible_base(request, pk)
    uploads = [upload for upload in request.FILES.getlist("file") if isinstance(upload, UploadedFile)]
    errors = [error for error in (_upload_error(request, base, upload) for upload in uploads) if error]
    if errors and len(errors) == len(uploads):
        raise errors[0]
    for error in errors:
        messages.error(request, str(error.message))
    if not uploads:
        messages.error(request, _("Choose at least one file."))
    return redirect("collection", pk=pk)


@require_http_methods(["GET", "POST"])
def document_paste(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A document that is written here; what was pasted stays on the page until it is stored."""
    base = visible_base(request, pk)
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
    seen = Document.objects.visible_to(request.user).with_use()
    return get_object_or_404(seen.select_related("knowledge_base"), pk=pk)


@require_GET
def document_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The text as it was read, passage by passage; `?chunk=` marks the one that a citation opens."""
    return render(request, "knowledge/document_detail.html", _document_context(request, _document(request, pk)))


def _document_context(request: HttpRequest, document: Document) -> dict[str, Any]:
    chunks = document.chunks.with_use().select_related("changed_by").order_by("position")
    wanted = request.GET.get("chunk", "")
    place = chunks.filter(position__lt=_position(document, wanted)).count() if wanted else 0
    number = place // PAGE_SIZE + 1 if wanted else request.GET.get("page")
    page = Paginator(chunks, PAGE_SIZE).get_page(number)
    may_change = services.may_change(request.user, document)
    quote = request.GET.get("quote", "")
    return {"document": document, "page": page, "wanted": wanted, "quote": quote, "may_change": may_change}


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


@require_GET
def document_page(request: HttpRequest, pk: UUID, number: int) -> HttpResponse:
    """A page of a PDF as a picture that was drawn here, with the passage `?chunk=` marked."""
    wanted = request.GET.get("chunk", "")
    if wanted and not is_uuid(wanted):
        raise NotFound(_("There is no such passage any more."))
    chunk = UUID(wanted) if wanted else None
    picture = services.page_picture(_document(request, pk), number, chunk)
    headers = {"Cache-Control": "private, max-age=600", "X-Content-Type-Options": "nosniff"}
    return HttpResponse(picture, content_type="image/png", headers=headers)


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
def documents_several(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Do the same with each chosen document of a collection, and lead back to the list as it was."""
    base = visible_base(request, pk)
    try:
        _tell(request, _changed(request, base))
    except InvalidInput as error:
        messages.error(request, str(error.message))
    return redirect(f"{reverse('collection', args=[pk])}?{request.GET.urlencode()}")


def _changed(request: HttpRequest, base: KnowledgeBase) -> several.Outcome:
    keys = [key for key in request.POST.getlist("document")[: several.MOST] if is_uuid(key)]
    if not keys:
        raise InvalidInput(_("Choose at least one document."))
    return several.change_documents(
        actor=request.user,
        documents=base.documents.filter(pk__in=keys),
        to_do=request.POST.get("do", ""),
        tags=request.POST.get("tags", "").split(","),
    )


def _tell(request: HttpRequest, outcome: several.Outcome) -> None:
    if count := len(outcome.done):
        words = ngettext("Done with %(n)d document.", "Done with %(n)d documents.", count)
        messages.success(request, words % {"n": count})
    for document, error in outcome.failed[:MOST_TOLD]:
        messages.error(request, f"{document.name}: {error.message}")
    if (left := len(outcome.failed) - MOST_TOLD) > 0:
        messages.error(request, ngettext("And %(n)d more.", "And %(n)d more.", left) % {"n": left})


@require_POST
def document_retry(request: HttpRequest, pk: UUID) -> HttpResponse:
    document = _document(request, pk)
    services.retry_document(actor=request.user, document=document)
    if is_part_wanted(request):
        return render(request, "knowledge/_reading.html", reading_context(document.knowledge_base))
    return redirect("collection", pk=document.knowledge_base_id)


@require_POST
def document_again(request: HttpRequest, pk: UUID) -> HttpResponse:
    document = _document(request, pk)
    services.read_again(actor=request.user, document=document)
    messages.success(
        request, _("“%(name)s” is read anew. Until that is done it is found as before.") % {"name": document.name}
    )
    return redirect("collection", pk=document.knowledge_base_id)


@require_POST
def document_delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    document = _document(request, pk)
    services.delete_document(actor=request.user, document=document)
    if is_part_wanted(request):
        return render(request, "knowledge/_reading.html", reading_context(document.knowledge_base))
    messages.success(request, _("“%(name)s” is deleted.") % {"name": document.name})
    return redirect("collection", pk=document.knowledge_base_id)
