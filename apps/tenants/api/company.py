"""An organisation's settings for API clients."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.errors import InvalidInput
from apps.core.permissions import require
from apps.tenants import resolver, services
from apps.tenants.options import all_options


class OptionSerializer(serializers.Serializer):
    key = serializers.CharField()
    value = serializers.JSONField()
    origin = serializers.CharField(help_text="`tenant`, or `system` for the default.")


class OptionInput(serializers.Serializer):
    key = serializers.CharField()
    value = serializers.JSONField(allow_null=True, help_text="null takes it back to the default.")


def _listed() -> list[dict[str, Any]]:
    found = ((option, resolver.resolve(option)) for option in all_options())
    return [{"key": o.key, "value": r.value, "origin": r.origin.value if r.origin else "system"} for o, r in found]


@extend_schema(tags=["config"], methods=["GET"], responses=OptionSerializer(many=True))
@extend_schema(tags=["config"], methods=["PATCH"], request=OptionInput, responses=OptionSerializer(many=True))
@api_view(["GET", "PATCH"])
def company(request: Request) -> Response:
    """Read the organisation's settings with where each comes from, or set one."""
    require(request.user, "accounts.manage_settings")
    if request.method == "PATCH":
        serializer = OptionInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        values = serializer.validated_data
        known = {option.key: option for option in all_options()}
        if values["key"] not in known:
            raise InvalidInput("There is no such setting.", field="key")
        services.set_option(actor=request.user, option=known[values["key"]], value=values["value"])
    return Response(OptionSerializer(_listed(), many=True).data)


urlpatterns = [path("config/company", company, name="api-company")]
