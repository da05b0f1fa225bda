"""Checklists for API clients: kept from a run, read with their progress, ticked and changed."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.agents.models import Run
from apps.core.api import checked, listed, paged
from apps.core.endpoints import api_view
from apps.workflows.models import Checklist, ChecklistItem
from apps.workflows.services import checklists as services


class ChecklistItemSerializer(serializers.ModelSerializer):
    assignee = serializers.CharField(source="assignee.email", default="", help_text="An e-mail address, or empty.")
    is_done = serializers.SerializerMethodField()

    class Meta:
        model = ChecklistItem
        fields = ("id", "title", "phase", "note", "due", "who", "assignee", "is_done", "done_at", "done_by")
        read_only_fields = fields

    def get_is_done(self, row: ChecklistItem) -> bool:
        return row.done_at is not None


class ChecklistLineSerializer(serializers.ModelSerializer):
    total = serializers.IntegerField(help_text="How many things stand on it.")
    done = serializers.IntegerField(help_text="How many of them are done.")

    class Meta:
        model = Checklist
        fields = ("id", "name", "owner", "person", "run", "total", "done", "created_at")
        read_only_fields = fields


class ChecklistSerializer(ChecklistLineSerializer):
    items = ChecklistItemSerializer(many=True)

    class Meta:
        model = Checklist
        fields = (*ChecklistLineSerializer.Meta.fields, "items")
        read_only_fields = fields


class ChecklistInput(serializers.Serializer):
    run = serializers.UUIDField(help_text="A run whose result proposes what is to be done.")


class ChecklistItemInput(serializers.Serializer):
    title = serializers.CharField(max_length=200, required=False)
    due = serializers.DateField(required=False)
    assignee = serializers.EmailField(required=False, allow_blank=True, help_text="The address of a member.")
    who = serializers.CharField(max_length=120, required=False, allow_blank=True)
    note = serializers.CharField(max_length=500, required=False, allow_blank=True)


class ChecklistItemChange(ChecklistItemInput):
    is_done = serializers.BooleanField(required=False)


class NewChecklistItem(ChecklistItemInput):
    title = serializers.CharField(max_length=200)
    due = serializers.DateField()


def _seen(request: Request) -> Any:
    return Checklist.objects.visible_to(request.user).with_progress().prefetch_related("items__assignee")


@extend_schema(tags=["checklists"], methods=["GET"], responses=paged(ChecklistLineSerializer))
@extend_schema(tags=["checklists"], methods=["POST"], request=ChecklistInput, responses={201: ChecklistSerializer})
@api_view(["GET", "POST"])
def checklists(request: Request) -> Response:
    """List the checklists that you have to do with, newest first, or keep what a run proposes as one."""
    if request.method == "GET":
        return listed(request, Checklist.objects.visible_to(request.user).with_progress(), ChecklistLineSerializer)
    run = get_object_or_404(Run.objects.visible_to(request.user), pk=checked(ChecklistInput, request.data)["run"])
    made = services.keep(actor=request.user, run=run)
    return Response(ChecklistSerializer(_seen(request).get(pk=made.pk)).data, status=201)


@extend_schema(tags=["checklists"], methods=["GET"], responses=ChecklistSerializer)
@extend_schema(tags=["checklists"], methods=["DELETE"], responses={204: None})
@api_view(["GET", "DELETE"])
def checklist(request: Request, pk: Any) -> Response:
    """Read a checklist with all that stands on it, or remove it."""
    row = get_object_or_404(_seen(request), pk=pk)
    if request.method == "DELETE":
        services.remove(actor=request.user, checklist=row)
        return Response(status=204)
    return Response(ChecklistSerializer(row).data)


@extend_schema(tags=["checklists"], request=NewChecklistItem, responses={201: ChecklistItemSerializer})
@api_view(["POST"])
def checklist_items(request: Request, pk: Any) -> Response:
    """Add something to a checklist."""
    row = get_object_or_404(_seen(request), pk=pk)
    made = services.add_item(actor=request.user, checklist=row, values=checked(NewChecklistItem, request.data))
    return Response(ChecklistItemSerializer(made).data, status=201)


@extend_schema(tags=["checklists"], methods=["PATCH"], request=ChecklistItemChange, responses=ChecklistItemSerializer)
@extend_schema(tags=["checklists"], methods=["DELETE"], responses={204: None})
@api_view(["PATCH", "DELETE"])
def checklist_item(request: Request, pk: Any) -> Response:
    """Say that something is done (`is_done`), change it, or take it off."""
    found = ChecklistItem.objects.visible_to(request.user).select_related("checklist", "assignee")
    item = get_object_or_404(found, pk=pk)
    if request.method == "DELETE":
        services.remove_item(actor=request.user, item=item)
        return Response(status=204)
    values = checked(ChecklistItemChange, request.data)
    services.settle(actor=request.user, item=item, values=values)
    return Response(ChecklistItemSerializer(found.get(pk=pk)).data)
