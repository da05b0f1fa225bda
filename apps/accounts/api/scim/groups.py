"""Groups of people, as a directory sees them; roles are out of its reach."""

from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.http import Http404
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.scim.protocol import GROUP, ScimError, ScimView, operations, text_of, with_version
from apps.accounts.models import User
from apps.accounts.services import directory, groups
from apps.core.models import is_uuid

GROUP_FILTERS = {
    ("id", None, None): "pk",
    ("displayName", None, None): "name",
    ("externalId", None, None): "directory__external_id",
    ("members", None, None): "user__pk",
    ("members", "value", None): "user__pk",
}


def _show_group(request: Request, group: Group) -> dict[str, Any]:
    link = getattr(group, "directory", None)
    return with_version(
        {
            "schemas": [GROUP],
            "id": str(group.pk),
            "externalId": (link and link.external_id) or None,
            "displayName": group.name,
            "members": [{"value": str(user.pk), "display": str(user), "type": "User"} for user in group.user_set.all()],
            "meta": {
                "resourceType": "Group",
                "location": request.build_absolute_uri(reverse("scim-group", args=[group.pk])),
            },
        }
    )


def _groups() -> QuerySet[Group]:
    seen = Prefetch("user_set", directory.people())
    return groups.all_groups().order_by("pk").select_related("directory").prefetch_related(seen)


def _found_group(pk: Any) -> Group:
    group = _groups().filter(pk=pk).first()
    if group is None:
        raise Http404
    return group


def _members(value: Any) -> set[str]:
    """Read a list of members, each an object with `value`. Raises ScimError."""
    entries = value if isinstance(value, list) else [value]
    ids = {
        str(entry.get("value", "")) if isinstance(entry, dict) else str(entry) for entry in entries if entry is not None
    }
    if not all(map(is_uuid, ids)):
        raise ScimError(400, "Members are named by the id of a person.", "invalidValue")
    return {str(each).lower() for each in ids}


def _chosen(ids: set[str]) -> list[User]:
    found = list(directory.people().filter(pk__in=ids))
    if len(found) != len(ids):
        raise ScimError(400, "One of the members is nobody.", "invalidValue")
    return found


class Groups(ScimView):
    def get(self, request: Request) -> Response:
        return self.many(_groups(), lambda group: _show_group(request, group), GROUP_FILTERS)

    def post(self, request: Request) -> Response:
        body = self.body()
        saved = directory.save_group(
            actor=request.user,
            name=text_of(body.get("displayName"), "displayName"),
            members=_chosen(_members(body.get("members") or [])),
            external_id=text_of(body.get("externalId"), "externalId"),
        )
        return self.one(_show_group(request, _found_group(saved.pk)), 201)


class OneGroup(ScimView):
    def get(self, request: Request, pk: int) -> Response:
        return self.one(_show_group(request, _found_group(pk)))

    def put(self, request: Request, pk: int) -> Response:
        body = self.body()
        group = _found_group(pk)
        self.check_precondition(_show_group(request, group))
        name = text_of(body.get("displayName"), "displayName") or group.name
        return self._save(
            group, name, _members(body.get("members") or []), text_of(body.get("externalId"), "externalId")
        )

    def patch(self, request: Request, pk: int) -> Response:
        with transaction.atomic():
            group = _found_group(pk)
            self.check_precondition(_show_group(request, group))
            name, external, ids = group.name, None, {str(user.pk) for user in group.user_set.all()}
            for op, attribute, which, value in operations(self.body()):
                if attribute == "displayname":
                    name = text_of(value, "displayName")
                elif attribute == "externalid":
                    external = text_of(value, "externalId")
                elif attribute == "members":
                    ids = _patched(ids, op, which, value)
                elif attribute not in ("id", "schemas", "meta"):
                    raise ScimError(400, f"There is no attribute {attribute}.", "invalidPath")
            return self._save(group, name, ids, external)

    def _save(self, group: Group, name: str, ids: set[str], external_id: str | None) -> Response:
        directory.save_group(
            actor=self.request.user, name=name, members=_chosen(ids), external_id=external_id, group=group
        )
        return self.one(_show_group(self.request, _found_group(group.pk)))

    def delete(self, request: Request, pk: int) -> Response:
        group = _found_group(pk)
        self.check_precondition(_show_group(request, group))
        groups.remove_group(actor=request.user, group=group)
        return Response(status=204)


def _patched(ids: set[str], op: str, which: str, value: Any) -> set[str]:
    if op == "remove":
        gone = {which} if which else _members(value) if value else ids
        return ids - gone
    return ids | _members(value) if op == "add" else _members(value)
