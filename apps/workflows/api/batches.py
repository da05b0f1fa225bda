"""Batches for API clients: a table in, a run for each row, the results out."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import parser_classes
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.agents.models import Agent
from apps.core.api import JSONParser, checked, listed, paged
from apps.core.endpoints import api_view
from apps.projects.models import Project
from apps.workflows.models import Batch, BatchItem
from apps.workflows.services import batches as services


class BatchSerializer(serializers.ModelSerializer):
    total = serializers.IntegerField(help_text="Rows of the table.")
    waiting = serializers.IntegerField()
    active = serializers.IntegerField()
    done = serializers.IntegerField()
    failed = serializers.IntegerField()
    invalid = serializers.IntegerField(help_text="Rows that do not fit the form, and are left out.")

    class Meta:
        model = Batch
        fields = (
            *("id", "owner", "agent", "project", "name", "columns", "state", "reason", "total", "waiting", "active"),
            *("done", "failed", "invalid", "created_at", "started_at", "finished_at"),
        )
        read_only_fields = fields


class BatchInput(serializers.Serializer):
    agent = serializers.PrimaryKeyRelatedField(queryset=Agent.objects.all())
    project = serializers.PrimaryKeyRelatedField(queryset=Project.objects.all(), required=False, allow_null=True)
    name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    file = serializers.FileField(required=False, help_text="CSV; its first line names the columns.")
    rows = serializers.ListField(
        child=serializers.DictField(child=serializers.CharField(max_length=8000, allow_blank=True)),
        required=False,
        max_length=services.MOST_ROWS,
        help_text="Instead of a file, as JSON: values by the names of the form's variables, or `question`.",
    )


class BatchItemSerializer(serializers.ModelSerializer):
    answer = serializers.CharField(source="run.answer", default="")

    class Meta:
        model = BatchItem
        fields = ("number", "cells", "state", "error", "run", "answer")
        read_only_fields = fields


def _visible(request: Request, pk: Any) -> Batch:
    found = Batch.objects.visible_to(request.user).with_counts().select_related("agent__form", "owner", "project")
    return get_object_or_404(found, pk=pk)


@extend_schema(tags=["batches"], methods=["GET"], responses=paged(BatchSerializer))
@extend_schema(
    tags=["batches"],
    methods=["POST"],
    request={"multipart/form-data": BatchInput, "application/json": BatchInput},
    responses={201: BatchSerializer},
)
@api_view(["GET", "POST"])
@parser_classes([JSONParser, MultiPartParser])
def batches(request: Request) -> Response:
    """List batches, or send a table: a draft in which rows that do not fit are marked. Start it to have it worked on."""
    if request.method == "GET":
        return listed(request, Batch.objects.visible_to(request.user).with_counts(), BatchSerializer)
    values = checked(BatchInput, request.data)
    upload = values.get("file")
    made = services.add_batch(
        actor=request.user,
        agent=values["agent"],
        project=values.get("project"),
        name=values.get("name") or (upload.name if upload else ""),
        data=upload.read() if upload else None,
        rows=values.get("rows", ()),
    )
    return Response(BatchSerializer(_visible(request, made.pk)).data, status=201)


@extend_schema(tags=["batches"], methods=["GET"], responses=BatchSerializer)
@extend_schema(tags=["batches"], methods=["DELETE"], responses={204: None})
@api_view(["GET", "DELETE"])
def batch(request: Request, pk: Any) -> Response:
    """Read how far a batch is, or remove it (409 while it runs); its runs stay."""
    row = _visible(request, pk)
    if request.method == "DELETE":
        services.remove_batch(actor=request.user, batch=row)
        return Response(status=204)
    return Response(BatchSerializer(row).data)


@extend_schema(tags=["batches"], request=None, responses={202: BatchSerializer})
@api_view(["POST"])
def start(request: Request, pk: Any) -> Response:
    """Start a draft, or have a paused batch go on."""
    services.start_batch(actor=request.user, batch=_visible(request, pk))
    return Response(BatchSerializer(_visible(request, pk)).data, status=202)


@extend_schema(tags=["batches"], request=None, responses={202: BatchSerializer})
@api_view(["POST"])
def stop(request: Request, pk: Any) -> Response:
    """Ask for no further row, and stop those on their way."""
    services.stop_batch(actor=request.user, batch=_visible(request, pk))
    return Response(BatchSerializer(_visible(request, pk)).data, status=202)


@extend_schema(tags=["batches"], request=None, responses={202: BatchSerializer})
@api_view(["POST"])
def again(request: Request, pk: Any) -> Response:
    """Ask again for the rows that failed or were stopped (409 for none)."""
    services.ask_again(actor=request.user, batch=_visible(request, pk))
    return Response(BatchSerializer(_visible(request, pk)).data, status=202)


@extend_schema(tags=["batches"], responses=paged(BatchItemSerializer))
@api_view(["GET"])
def items(request: Request, pk: Any) -> Response:
    """List the rows in their order, with what came of each."""
    return listed(request, _visible(request, pk).items.select_related("run"), BatchItemSerializer, ordering="number")


@extend_schema(tags=["batches"], responses={(200, "text/csv"): OpenApiTypes.STR})
@api_view(["GET"])
def results(request: Request, pk: Any) -> HttpResponse:
    """The table as CSV, with the columns Status, Result, Reason and Run."""
    found = _visible(request, pk)
    return HttpResponse("".join(services.results_of(found)), content_type="text/csv; charset=utf-8")
