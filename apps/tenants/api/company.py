"""An organisation's settings for API clients."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import checked
from apps.core.endpoints import api_view
from apps.core.errors import InvalidInput
from apps.core.permissions import require
from apps.tenants import resolver, services
from apps.tenants.options import Option, all_options
from apps.tenants.resolver import Place


class OptionSerializer(serializers.Serializer):
    key = serializers.CharField()
    value = serializers.JSONField()
    origin = serializers.CharField(help_text="`agent`, `project`, `tenant`, or `system` for the default.")


class OptionInput(serializers.Serializer):
    key = serializers.CharField()
    value = serializers.JSONField(allow_null=True, help_text="null takes it back to the default.")


def listed_options(options: Iterable[Option], places: Sequence[Place] = ()) -> list[dict[str, Any]]:
    """Return key, value and origin of options, at the most special of the places that says something."""
    found = ((option, resolver.resolve(option, places)) for option in options)
    return [{"key": o.key, "value": r.value, "origin": r.origin.value if r.origin else "system"} for o, r in found]


def chosen_option(options: Iterable[Option], data: Any) -> tuple[Option, Any]:
    """Read the option and the value of a request's body. Raises ValidationError, InvalidInput for a key that there is not."""
    values = checked(OptionInput, data)
    option = next((option for option in options if option.key == values["key"]), None)
    if option is None:
        raise InvalidInput("There is no such setting.", field="key")
    return option, values["value"]


@extend_schema(tags=["config"], methods=["GET"], responses=OptionSerializer(many=True))
@extend_schema(tags=["config"], methods=["PATCH"], request=OptionInput, responses=OptionSerializer(many=True))
@api_view(["GET", "PATCH"])
def company(request: Request) -> Response:
    """Read the organisation's settings with where each comes from, or set one."""
    require(request.user, "accounts.manage_settings")
    if request.method == "PATCH":
        option, value = chosen_option(all_options(), request.data)
        services.set_option(actor=request.user, option=option, value=value)
    return Response(OptionSerializer(listed_options(all_options()), many=True).data)


urlpatterns = [path("config/company", company, name="api-company")]
