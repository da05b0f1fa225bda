"""Uploads that go on where they broke off: the tus protocol 1.0.0 (https://tus.io), which clients exist for in many languages."""

import base64
import binascii
from collections.abc import Iterator
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.http import http_date
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import parser_classes
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.endpoints import api_view
from apps.core.errors import InvalidInput, problem
from apps.core.models import is_uuid
from apps.knowledge.api.documents import base_of
from apps.knowledge.models import Upload
from apps.knowledge.services import uploads

VERSION = "1.0.0"
PART_BYTES = 1 << 16
SPEAKS = OpenApiParameter("Tus-Resumable", str, "header", required=True, enum=[VERSION])


class OctetParser(BaseParser):
    """Hands the body on as the stream that it is."""

    media_type = "application/offset+octet-stream"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> dict[str, Any]:
        return {"stream": stream}


def _tus(view: Any) -> Any:
    """Have a view speak tus: another version is refused with 412, every answer names the one that is spoken."""

    @wraps(view)
    def speaking(request: Request, *args: Any, **kwargs: Any) -> Response:
        if request.method != "OPTIONS" and request.headers.get("Tus-Resumable") != VERSION:
            body = problem(status=412, code="tus_version", detail=_("Name the version of tus: Tus-Resumable: 1.0.0."))
            return Response(body, status=412, headers={"Tus-Version": VERSION}, content_type="application/problem+json")
        response: Response = view(request, *args, **kwargs)
        response["Tus-Resumable"] = VERSION
        return response

    return speaking


@extend_schema(
    tags=["knowledge-base"],
    methods=["POST"],
    request=None,
    responses={201: None},
    parameters=[
        SPEAKS,
        OpenApiParameter("Upload-Length", int, "header", required=True, description="Bytes of the whole file."),
        OpenApiParameter(
            "Upload-Metadata",
            str,
            "header",
            required=True,
            description="Pairs of key and Base64, with commas between: filename, knowledge_base (default: the first), tags (with commas).",
        ),
    ],
)
@extend_schema(tags=["knowledge-base"], methods=["OPTIONS"], request=None, responses={204: None})
@api_view(["POST", "OPTIONS"])
@_tus
def begin(request: Request) -> Response:
    """Begin an upload that can be gone on with for a day after each part; `Location` says where its parts go."""
    if request.method == "OPTIONS":
        told = {"Tus-Version": VERSION, "Tus-Extension": "creation,termination,expiration"}
        return Response(status=204, headers=told | {"Tus-Max-Size": str(settings.MAX_DOCUMENT_BYTES)})
    told = _metadata(request.headers.get("Upload-Metadata", ""))
    wanted = told.get("knowledge_base", "")
    if wanted and not is_uuid(wanted):
        raise InvalidInput(_("This is no key of a collection."), field="knowledge_base")
    upload = uploads.begin_upload(
        actor=request.user,
        knowledge_base=base_of(request, wanted),
        name=told.get("filename", ""),
        size_bytes=_number(request, "Upload-Length"),
        tags=told.get("tags", "").split(","),
    )
    place = request.build_absolute_uri(reverse("api-upload-parts", args=[upload.pk]))
    return Response(status=201, headers=_standing(upload) | {"Location": place})


@extend_schema(
    tags=["knowledge-base"],
    methods=["PATCH"],
    request={OctetParser.media_type: bytes},
    responses={204: None},
    parameters=[SPEAKS, OpenApiParameter("Upload-Offset", int, "header", required=True)],
)
@extend_schema(tags=["knowledge-base"], methods=["DELETE"], request=None, responses={204: None}, parameters=[SPEAKS])
@extend_schema(tags=["knowledge-base"], methods=["HEAD"], request=None, responses={200: None}, parameters=[SPEAKS])
@api_view(["HEAD", "PATCH", "DELETE"])
@parser_classes([OctetParser])
@_tus
def parts(request: Request, pk: UUID) -> Response:
    """Ask how much has come in (HEAD), add a part, or cancel. The last part's answer names the document: `Document-Id`."""
    if request.method == "HEAD":
        upload = get_object_or_404(Upload, pk=pk, uploaded_by=request.user)
        return Response(headers=_standing(upload) | {"Cache-Control": "no-store"})
    if request.method == "DELETE":
        uploads.abandon(actor=request.user, upload_id=pk)
        return Response(status=204)
    offset, body = _number(request, "Upload-Offset"), dict(request.data)
    upload, document = uploads.append(actor=request.user, upload_id=pk, offset=offset, parts=_read(body.get("stream")))
    stored = {"Document-Id": str(document.pk)} if document else {}
    return Response(status=204, headers=_standing(upload) | stored)


def _read(stream: Any) -> Iterator[bytes]:
    while stream is not None and (part := stream.read(PART_BYTES)):
        yield part


def _standing(upload: Upload) -> dict[str, str]:
    return {
        "Upload-Offset": str(upload.received_bytes),
        "Upload-Length": str(upload.size_bytes),
        "Upload-Expires": http_date(upload.expires_at.timestamp()),
    }


def _number(request: Request, header: str) -> int:
    value = request.headers.get(header, "")
    if not value.isascii() or not value.isdigit() or len(value) > 15:
        raise InvalidInput(_("%(name)s has to be a number of bytes.") % {"name": header}, field=header)
    return int(value)


def _metadata(header: str) -> dict[str, str]:
    """Read pairs of key and Base64. Raises InvalidInput naming the pair that is none."""
    found = {}
    for pair in filter(None, map(str.strip, header.split(","))):
        key, _space, value = pair.partition(" ")
        try:
            found[key] = base64.b64decode(value.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            message = _("“%(key)s” is no Base64 of UTF-8.") % {"key": key[:40]}
            raise InvalidInput(message, field="Upload-Metadata") from error
    return found


urlpatterns = [
    path("knowledge-base/uploads", begin, name="api-upload-begin"),
    path("knowledge-base/uploads/<uuid:pk>", parts, name="api-upload-parts"),
]
