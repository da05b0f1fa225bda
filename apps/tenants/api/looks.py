"""The looks of an organisation for API clients."""

from typing import Any

from django.urls import path, reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import parser_classes
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import JSONParser, checked
from apps.core.endpoints import api_view
from apps.core.permissions import require
from apps.core.tenancy import current_tenant
from apps.tenants import services


class LooksSerializer(serializers.Serializer):
    accent = serializers.CharField(help_text="As `#0b6377`; empty for the standard colour.")
    mail_sender = serializers.CharField(help_text="The name that messages are sent under; empty for the platform's.")
    logo = serializers.CharField(help_text="Where the logo is, without the host; empty for none.")


class LooksInput(serializers.Serializer):
    accent = serializers.CharField(required=False, allow_blank=True, max_length=7)
    mail_sender = serializers.CharField(required=False, allow_blank=True, max_length=60)
    logo = serializers.FileField(
        required=False,
        allow_null=True,
        help_text="PNG, JPEG or WebP of 1 MB at most; null (or an empty field) removes it.",
    )


def _shown() -> dict[str, Any]:
    tenant = current_tenant()
    where = reverse("logo", args=[tenant.logo_digest]) if tenant.logo_digest else ""
    return {"accent": tenant.accent, "mail_sender": tenant.mail_sender, "logo": where}


@extend_schema(tags=["config"], methods=["GET"], responses=LooksSerializer)
@extend_schema(tags=["config"], methods=["PATCH"], request=LooksInput, responses=LooksSerializer)
@api_view(["GET", "PATCH"])
@parser_classes([JSONParser, MultiPartParser, FormParser])
def looks(request: Request) -> Response:
    """Read how your organisation looks, or change its colour, its logo and the name that its messages are sent under."""
    require(request.user, "accounts.manage_settings")
    if request.method == "PATCH":
        values = checked(LooksInput, request.data)
        if "logo" in values:
            values["logo"] = values["logo"].read() if values["logo"] is not None else b""
        services.change_looks(actor=request.user, **values)
    return Response(LooksSerializer(_shown()).data)


urlpatterns = [path("config/looks", looks, name="api-looks")]
