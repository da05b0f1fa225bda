"""Projects for API clients (API-2). Members are given and taken as grants."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.sharing import share_paths
from apps.core.api import checked, listed, paged
from apps.core.endpoints import api_view
from apps.projects import services
from apps.projects.models import Project
from apps.projects.registry import Assignable, assignable, assignables
from apps.tenants.api.company import OptionInput, OptionSerializer, chosen_option, listed_options
from apps.tenants.models import OptionValue
from apps.tenants.options import all_options


class ProjectSerializer(serializers.ModelSerializer):
    class Meta:
        model = Project
        fields = ("id", "name", "description", "is_open", "archived_at", "created_at", "updated_at")
        read_only_fields = fields


class ProjectInput(serializers.Serializer):
    example = {"name": "Relocation", "description": "Everything about the new office"}

    name = serializers.CharField(max_length=80)
    description = serializers.CharField(max_length=300, default="", allow_blank=True)


class ProjectChange(serializers.Serializer):
    name = serializers.CharField(max_length=80, required=False)
    description = serializers.CharField(max_length=300, required=False, allow_blank=True)
    is_archived = serializers.BooleanField(required=False)


class AssignedSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()


class AssignInput(serializers.Serializer):
    id = serializers.UUIDField(help_text="Of something that you manage.")


def _seen(request: Request, pk: Any) -> Project:
    return get_object_or_404(Project.objects.visible_to(request.user), pk=pk)


@extend_schema(
    tags=["projects"],
    methods=["GET"],
    responses=paged(ProjectSerializer),
    parameters=[OpenApiParameter("q", str), OpenApiParameter("archived", bool)],
)
@extend_schema(tags=["projects"], methods=["POST"], request=ProjectInput, responses={201: ProjectSerializer})
@api_view(["GET", "POST"])
def projects(request: Request) -> Response:
    """List the projects that you see, by `q` in name and description, archived ones apart; or begin one."""
    if request.method == "POST":
        begun = services.begin_project(actor=request.user, **checked(ProjectInput, request.data))
        return Response(ProjectSerializer(begun).data, status=201)
    found = Project.objects.visible_to(request.user).matching(request.query_params.get("q", ""))
    is_archive = request.query_params.get("archived", "").lower() in ("true", "1")
    found = found.exclude(archived_at=None) if is_archive else found.current()
    return listed(request, found, ProjectSerializer)


@extend_schema(tags=["projects"], methods=["GET"], responses=ProjectSerializer)
@extend_schema(tags=["projects"], methods=["PATCH"], request=ProjectChange, responses=ProjectSerializer)
@api_view(["GET", "PATCH"])
def project(request: Request, pk: Any) -> Response:
    """Read a project, or rename, describe or archive one that you manage."""
    found = _seen(request, pk)
    if request.method == "PATCH":
        values = checked(ProjectChange, request.data)
        told = {name: values.get(name, getattr(found, name)) for name in ("name", "description")}
        services.describe_project(actor=request.user, project=found, **told)
        if "is_archived" in values:
            services.archive_project(actor=request.user, project=found, is_archived=values["is_archived"])
    return Response(ProjectSerializer(found).data)


@extend_schema(tags=["projects"], methods=["GET"], responses=OptionSerializer(many=True))
@extend_schema(tags=["projects"], methods=["PATCH"], request=OptionInput, responses=OptionSerializer(many=True))
@api_view(["GET", "PATCH"])
def project_settings(request: Request, pk: Any) -> Response:
    """Read what holds in a project with where it comes from, or set it for this project alone."""
    found = _seen(request, pk)
    services.require_manager(request.user, found)
    options = all_options(OptionValue.Level.PROJECT.value)
    if request.method == "PATCH":
        option, value = chosen_option(options, request.data)
        services.set_project_option(actor=request.user, project=found, option=option, value=value)
    return Response(OptionSerializer(listed_options(options, [(OptionValue.Level.PROJECT, found.pk)]), many=True).data)


# -- what is assigned ----------------------------------------------------------------------------------------------


@extend_schema(tags=["projects"], methods=["GET"], responses=AssignedSerializer(many=True))
@extend_schema(tags=["projects"], methods=["POST"], request=AssignInput, responses={204: None})
@api_view(["GET", "POST"])
def assigned(request: Request, pk: Any, kind: str) -> Response:
    """List what is assigned to a project and you reach, or assign something that you manage to a project that you manage."""
    found, wanted = _seen(request, pk), _kind(kind)
    if request.method == "POST":
        chosen = checked(AssignInput, request.data)["id"]
        thing = get_object_or_404(wanted.rows().visible_to(request.user), pk=chosen)
        services.assign(actor=request.user, project=found, kind=wanted, thing=thing)
        return Response(status=204)
    rows = wanted.rows().visible_to(request.user).filter(projects=found)
    return Response(AssignedSerializer(rows, many=True).data)


@extend_schema(tags=["projects"], responses={204: None})
@api_view(["DELETE"])
def released(request: Request, pk: Any, kind: str, thing_pk: Any) -> Response:
    """Take something out of a project that you manage."""
    found, wanted = _seen(request, pk), _kind(kind)
    thing = get_object_or_404(wanted.assigned_to(found), pk=thing_pk)
    services.release(actor=request.user, project=found, kind=wanted, thing=thing)
    return Response(status=204)


def _kind(key: str) -> Assignable:
    found = assignable(key)
    assert found is not None  # only kinds that there are have addresses
    return found


def _assigned_paths(key: str) -> list[Any]:
    extra, name = {"kind": key}, f"api-project-{key}"
    return [
        path(f"projects/<uuid:pk>/{key}", assigned, extra, name=name),
        path(f"projects/<uuid:pk>/{key}/<uuid:thing_pk>", released, extra, name=f"{name}-one"),
    ]


urlpatterns = [
    *share_paths("projects/<uuid:pk>", Project, "project"),
    path("projects/", projects, name="api-projects"),
    path("projects/<uuid:pk>", project, name="api-project"),
    path("projects/<uuid:pk>/settings", project_settings, name="api-project-settings"),
    *(address for kind in assignables() for address in _assigned_paths(kind.key)),
]
