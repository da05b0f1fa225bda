"""Caches for API clients: hit rates, and emptying."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.caches import Rates
from apps.core.endpoints import api_view
from apps.tenants import services


class CacheLevelSerializer(serializers.Serializer):
    name = serializers.CharField()
    keep_s = serializers.IntegerField()
    hits = serializers.IntegerField()


class CacheSerializer(serializers.Serializer):
    name = serializers.CharField()
    words = serializers.CharField()
    asked = serializers.IntegerField()
    share = serializers.IntegerField(help_text="Answered from a cache, in percent.")
    levels = CacheLevelSerializer(many=True)


def _shown(rates: Rates) -> dict[str, Any]:
    names = {"default": "redis"}
    levels = [
        {"name": names.get(level.alias, level.alias), "keep_s": level.keep_s, "hits": rates.hits[level.alias]}
        for level in rates.cache.levels
    ]
    return {**vars(rates), "name": rates.cache.name, "words": rates.cache.words, "share": rates.share, "levels": levels}


@extend_schema(tags=["config"], methods=["GET"], responses=CacheSerializer(many=True))
@extend_schema(tags=["config"], methods=["DELETE"], responses={204: None}, operation_id="config_caches_empty")
@api_view(["GET", "DELETE"])
def caches(request: Request) -> Response:
    """Read how often each cache helps your organisation, or empty all of them."""
    if request.method == "DELETE":
        services.empty_caches(actor=request.user)
        return Response(status=204)
    return Response(CacheSerializer(map(_shown, services.cache_rates(actor=request.user)), many=True).data)


@extend_schema(tags=["config"], responses={204: None})
@api_view(["DELETE"])
def cache(request: Request, name: str) -> Response:
    """Empty one cache."""
    services.empty_caches(actor=request.user, name=name)
    return Response(status=204)


urlpatterns = [
    path("config/caches", caches, name="api-caches"),
    path("config/caches/<slug:name>", cache, name="api-cache"),
]
