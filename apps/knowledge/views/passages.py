"""Pages of single passages of a document."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.core.errors import InvalidInput
from apps.knowledge.models import Chunk, Document
from apps.knowledge.services import passages
from apps.knowledge.services.documents import require_own


@require_http_methods(["GET", "POST"])
def passage_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The text of a passage, to change or to split."""
    chunk = _passage(request, pk)
    require_own(request.user, chunk.document, "knowledge.change_document")
    text, error = request.POST.get("text", chunk.text), None
    if request.method == "POST":
        try:
            rows = passages.change_passage(actor=request.user, chunk=chunk, text=text)
        except InvalidInput as refused:
            error = refused
        else:
            is_split = _("The passage is split into %(n)d.") % {"n": len(rows)}
            words = is_split if len(rows) > 1 else _("The passage is changed.")
            messages.success(request, words)
            return _back(rows[0])
    context = {"chunk": chunk, "document": chunk.document, "text": text, "error": error, "most": passages.MOST_CHARS}
    return render(request, "knowledge/passage_edit.html", context, status=422 if error else 200)


@require_POST
def passage_search(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Leave a passage out of searches (`out`), or take it in again."""
    chunk = _passage(request, pk)
    is_left_out = "out" in request.POST
    passages.set_left_out(actor=request.user, chunk=chunk, is_left_out=is_left_out)
    said = _("The passage is left out of searches.") if is_left_out else _("The passage is found again.")
    messages.success(request, said)
    return _back(chunk)


def _passage(request: HttpRequest, pk: UUID) -> Chunk:
    seen = Chunk.objects.filter(document__in=Document.objects.visible_to(request.user))
    return get_object_or_404(seen.select_related("document__knowledge_base"), pk=pk)


def _back(chunk: Chunk) -> HttpResponse:
    return redirect(f"{reverse('document', args=[chunk.document_id])}?chunk={chunk.pk}#wanted")
