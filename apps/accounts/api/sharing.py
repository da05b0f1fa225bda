"""Sharing of objects, groups, custom roles and requests for access, for API clients."""

from typing import Any

from django.contrib.auth.models import Group
from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.grants import Grant
from apps.accounts.models import AccessRequest, User
from apps.accounts.services import groups as group_services
from apps.accounts.services import requests, sharing
from apps.core.api import checked, listed, paged
from apps.core.endpoints import api_view
from apps.core.errors import NotFound
from apps.core.permissions import require


class GrantSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    to = serializers.SerializerMethodField(help_text="`user:<id>` or `group:<id>`")
    name = serializers.SerializerMethodField()
    level = serializers.CharField()
    expires_at = serializers.DateTimeField(allow_null=True)
    from_hour = serializers.IntegerField(allow_null=True)
    until_hour = serializers.IntegerField(allow_null=True)
    on_weekdays = serializers.BooleanField()
    time_zone = serializers.CharField()
    addresses = serializers.ListField(child=serializers.CharField())
    needs_second_factor = serializers.BooleanField()

    def get_to(self, grant: Any) -> str:
        return f"user:{grant.user_id}" if hasattr(grant, "user_id") else f"group:{grant.group_id}"

    def get_name(self, grant: Any) -> str:
        return str(grant.user if hasattr(grant, "user_id") else grant.group)


class GrantInput(serializers.Serializer):
    example = {"to": "jonas@acme.example", "level": "use", "expires_at": "2027-12-31T22:00:00Z", "on_weekdays": True}

    to = serializers.CharField(max_length=60, help_text="`user:<id>`, `group:<id>` or a member's e-mail address")
    level = serializers.CharField(max_length=10, help_text="Agents: `use`, `change`, `manage`; collections: `view`, …")
    expires_at = serializers.DateTimeField(default=None, allow_null=True)
    from_hour = serializers.IntegerField(min_value=0, max_value=23, default=None, allow_null=True)
    until_hour = serializers.IntegerField(min_value=1, max_value=24, default=None, allow_null=True)
    on_weekdays = serializers.BooleanField(default=False)
    addresses = serializers.ListField(child=serializers.CharField(max_length=64), default=list)
    needs_second_factor = serializers.BooleanField(default=False)


class OpennessSerializer(serializers.Serializer):
    is_open = serializers.BooleanField(help_text="True: open to everybody with the right for it.")


class ReasonSerializer(serializers.Serializer):
    level = serializers.CharField()
    words = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    holds = serializers.BooleanField(help_text="False: it has run out.")
    grant = serializers.SerializerMethodField()

    @extend_schema_field(GrantSerializer(allow_null=True))
    def get_grant(self, reason: sharing.Reason) -> Any:
        return GrantSerializer(reason.grant).data if reason.grant else None


def _managed(request: Request, model: Any, pk: Any) -> Any:
    shared = get_object_or_404(model.objects.visible_to(request.user), pk=pk)
    sharing.require_manage(request.user, shared)
    return shared


@extend_schema(tags=["sharing"], methods=["GET"], responses=GrantSerializer(many=True))
@extend_schema(tags=["sharing"], methods=["POST"], request=GrantInput, responses={201: GrantSerializer})
@api_view(["GET", "POST"])
def grants(request: Request, pk: Any, model: Any) -> Response:
    """List who was given access, or give it; for those who manage the object."""
    shared = _managed(request, model, pk)
    if request.method == "POST":
        values = checked(GrantInput, request.data)
        to, level = group_services.recipient(values.pop("to")), values.pop("level")
        conditions = sharing.Conditions(**values | {"addresses": tuple(values["addresses"])})
        given = sharing.share(actor=request.user, shared=shared, to=to, level=level, conditions=conditions)
        return Response(GrantSerializer(given).data, status=201)
    return Response(GrantSerializer(sharing.grants_on(shared), many=True).data)


@extend_schema(tags=["sharing"], responses={204: None})
@api_view(["DELETE"])
def grant(request: Request, pk: Any, grant: Any, model: Any) -> Response:
    """Take access from whom a grant gave it to."""
    shared = _managed(request, model, pk)
    found: Grant | None = next((each for each in sharing.grants_on(shared) if each.pk == grant), None)
    if found is None:
        raise NotFound("There is nothing here, or you may not see it.")
    to = found.user if hasattr(found, "user_id") else found.group  # type: ignore[attr-defined]
    sharing.unshare(actor=request.user, shared=shared, to=to)
    return Response(status=204)


@extend_schema(tags=["sharing"], methods=["GET"], responses=OpennessSerializer)
@extend_schema(tags=["sharing"], methods=["PUT"], request=OpennessSerializer, responses=OpennessSerializer)
@api_view(["GET", "PUT"])
def access(request: Request, pk: Any, model: Any) -> Response:
    """Say whether an object is open to everybody, or open or shut it."""
    shared = _managed(request, model, pk)
    if request.method == "PUT":
        sharing.set_open(
            actor=request.user, shared=shared, is_open=checked(OpennessSerializer, request.data)["is_open"]
        )
    return Response(OpennessSerializer(shared).data)


@extend_schema(
    tags=["sharing"], parameters=[OpenApiParameter("user", str, required=True)], responses=ReasonSerializer(many=True)
)
@api_view(["GET"])
def why(request: Request, pk: Any, model: Any) -> Response:
    """Explain every way in which a person (`user`, an id) reaches an object; none: they do not."""
    shared = _managed(request, model, pk)
    values = checked(WhyInput, request.query_params)
    person = get_object_or_404(User, pk=values["user"])
    return Response(ReasonSerializer(sharing.explain(user=person, shared=shared), many=True).data)


class WhyInput(serializers.Serializer):
    user = serializers.UUIDField()


def share_paths(prefix: str, model: Any, name: str) -> list[Any]:
    """Return the addresses that share objects of a model, `prefix` being where one of them lives."""
    extra = {"model": model}
    return [
        path(f"{prefix}/grants", grants, extra, name=f"api-{name}-grants"),
        path(f"{prefix}/grants/<uuid:grant>", grant, extra, name=f"api-{name}-grant"),
        path(f"{prefix}/access", access, extra, name=f"api-{name}-access"),
        path(f"{prefix}/why", why, extra, name=f"api-{name}-why"),
    ]


# -- groups and roles --------------------------------------------------------------------------------------------


class GroupSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    members = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ListField(child=serializers.UUIDField()))
    def get_members(self, group: Group) -> list[str]:
        return [str(user.pk) for user in group.user_set.all()]


class GroupInput(serializers.Serializer):
    name = serializers.CharField(max_length=80)
    members = serializers.ListField(child=serializers.UUIDField(), max_length=10_000)


class RoleSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    description = serializers.CharField(source="role.description")
    is_system = serializers.SerializerMethodField()
    rights = serializers.SerializerMethodField()

    def get_is_system(self, group: Group) -> bool:
        return bool(group.role.key)

    def get_rights(self, group: Group) -> list[str]:
        return group_services.rights_of(group)


class RoleInput(serializers.Serializer):
    name = serializers.CharField(max_length=80)
    description = serializers.CharField(max_length=200, default="", allow_blank=True)
    rights = serializers.ListField(child=serializers.CharField(max_length=60))


@extend_schema(tags=["users"], methods=["GET"], responses=paged(GroupSerializer))
@extend_schema(tags=["users"], methods=["POST"], request=GroupInput, responses={201: GroupSerializer})
@api_view(["GET", "POST"])
def groups(request: Request) -> Response:
    """List the groups of people, or make one."""
    if request.method == "POST":
        require(request.user, "accounts.manage_members")
        return Response(GroupSerializer(_save_group(request)).data, status=201)
    require(request.user, "accounts.view_user")
    return listed(request, group_services.all_groups().prefetch_related("user_set"), GroupSerializer, ordering="name")


def _save_group(request: Request, group: Group | None = None) -> Group:
    values = checked(GroupInput, request.data)
    members = list(User.objects.filter(pk__in=values["members"]))
    if len(members) != len(set(values["members"])):
        raise serializers.ValidationError({"members": ["There is no such person."]})
    return group_services.save_group(actor=request.user, name=values["name"], members=members, group=group)


@extend_schema(tags=["users"], methods=["PUT"], request=GroupInput, responses=GroupSerializer)
@extend_schema(tags=["users"], methods=["DELETE"], responses={204: None})
@api_view(["PUT", "DELETE"])
def group(request: Request, pk: int) -> Response:
    """Change a group's name and members, or remove it with what was shared with it."""
    require(request.user, "accounts.manage_members")
    found = get_object_or_404(group_services.all_groups(), pk=pk)
    if request.method == "DELETE":
        group_services.remove_group(actor=request.user, group=found)
        return Response(status=204)
    return Response(GroupSerializer(_save_group(request, found)).data)


@extend_schema(tags=["users"], methods=["GET"], responses=RoleSerializer(many=True))
@extend_schema(tags=["users"], methods=["POST"], request=RoleInput, responses={201: RoleSerializer})
@api_view(["GET", "POST"])
def roles(request: Request) -> Response:
    """List the roles with their rights, or make one."""
    if request.method == "POST":
        saved = group_services.save_role(actor=request.user, **checked(RoleInput, request.data))
        return Response(RoleSerializer(saved).data, status=201)
    require(request.user, "accounts.view_user")
    return Response(RoleSerializer(_roles(), many=True).data)


def _roles() -> Any:
    return Group.objects.exclude(role=None).select_related("role").order_by("pk")


@extend_schema(tags=["users"], methods=["PUT"], request=RoleInput, responses=RoleSerializer)
@extend_schema(tags=["users"], methods=["DELETE"], responses={204: None})
@api_view(["PUT", "DELETE"])
def role(request: Request, pk: int) -> Response:
    """Change a custom role, or remove one that nobody has."""
    require(request.user, "accounts.manage_roles")
    found = get_object_or_404(_roles(), pk=pk)
    if request.method == "DELETE":
        group_services.remove_role(actor=request.user, group=found)
        return Response(status=204)
    saved = group_services.save_role(actor=request.user, group=found, **checked(RoleInput, request.data))
    return Response(RoleSerializer(saved).data)


# -- requests for access -----------------------------------------------------------------------------------------


class AccessRequestSerializer(serializers.ModelSerializer):
    class Meta:
        model = AccessRequest
        fields = ("id", "asked_by", "path", "note", "created_at", "answered_at", "answered_by", "is_granted")
        read_only_fields = fields


class AskInput(serializers.Serializer):
    path = serializers.CharField(max_length=300)
    note = serializers.CharField(max_length=300, default="", allow_blank=True)


class AnswerInput(serializers.Serializer):
    is_granted = serializers.BooleanField()


@extend_schema(tags=["sharing"], methods=["GET"], responses=paged(AccessRequestSerializer))
@extend_schema(tags=["sharing"], methods=["POST"], request=AskInput, responses={201: AccessRequestSerializer})
@api_view(["GET", "POST"])
def access_requests(request: Request) -> Response:
    """List what people miss (your own requests, or everybody's), or ask for the page at a path."""
    if request.method == "POST":
        user: Any = request.user
        asked = requests.ask_for_access(actor=user, **checked(AskInput, request.data))
        return Response(AccessRequestSerializer(asked).data, status=201)
    return listed(request, AccessRequest.objects.visible_to(request.user), AccessRequestSerializer)


@extend_schema(tags=["sharing"], request=AnswerInput, responses=AccessRequestSerializer)
@api_view(["PATCH"])
def access_request(request: Request, pk: Any) -> Response:
    """Say whether access was given; who asked is told."""
    asked = get_object_or_404(AccessRequest.objects.visible_to(request.user), pk=pk)
    values = checked(AnswerInput, request.data)
    requests.answer_request(actor=request.user, asked=asked, is_granted=values["is_granted"])
    return Response(AccessRequestSerializer(asked).data)


urlpatterns = [
    path("groups/", groups, name="api-groups"),
    path("groups/<int:pk>", group, name="api-group"),
    path("roles/", roles, name="api-roles"),
    path("roles/<int:pk>", role, name="api-role"),
    path("access-requests/", access_requests, name="api-access-requests"),
    path("access-requests/<uuid:pk>", access_request, name="api-access-request"),
]
