"""People, as a directory sees them."""

import re
from typing import Any

from django.contrib.auth.models import Group
from django.db.models import Prefetch, QuerySet
from django.http import Http404
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.scim.protocol import USER, ScimError, ScimView, operations, text_of, truth, with_version
from apps.accounts.models import User
from apps.accounts.services import directory

USER_FILTERS = {
    ("id", None, None): "pk",
    ("userName", None, None): "email",
    ("emails", None, None): "email",
    ("emails", "value", None): "email",
    ("displayName", None, None): "name",
    ("name", "formatted", None): "name",
    ("externalId", None, None): "external_id",
    ("active", None, None): "is_active",
}
# Attributes of the schemas that we keep nothing of: taken without a word, as RFC 7644 (3.3) allows.
KEPT_ELSEWHERE = re.compile(
    r"(emails|nickname|profileurl|title|usertype|preferredlanguage|locale|timezone|phonenumbers|ims|photos|addresses|groups|"
    r"entitlements|roles|x509certificates|password|meta|schemas|id|name\.(middlename|honorificprefix|honorificsuffix)|"
    r"urn:.*:user[:.]?.*)\b.*",
    re.IGNORECASE,
)


PLAIN = {"username": "email", "externalid": "external_id", "displayname": "name", "name.formatted": "name"}


class PersonChange:
    """Collects what a request says of a person, in the service's words."""

    def __init__(self, user: User | None = None) -> None:
        self.values: dict[str, Any] = {}
        name = user.name if user else ""
        self.given, _sep, self.family = name.rpartition(" ") if " " in name else (name, "", "")

    def take(self, attribute: str, value: Any) -> None:
        """Take one attribute, by its path in lower case. Raises ScimError for one that the schema does not have."""
        if attribute == "active":
            self.values["is_active"] = truth(value)
        elif attribute in PLAIN:
            self.values[PLAIN[attribute]] = text_of(value, attribute)
        elif attribute in ("name.givenname", "name.familyname"):
            self._take_part(attribute.removeprefix("name."), text_of(value, attribute))
        elif attribute == "name" and isinstance(value, dict):
            for part, text in sorted(value.items(), key=lambda item: item[0].lower() == "formatted"):
                self.take(f"name.{part.lower()}", text)
        elif not KEPT_ELSEWHERE.fullmatch(attribute):
            raise ScimError(400, f"There is no attribute {attribute}.", "invalidPath")

    def _take_part(self, part: str, text: str) -> None:
        if part == "givenname":
            self.given = text
        else:
            self.family = text
        self.values["name"] = f"{self.given} {self.family}"


def _show_user(request: Request, user: User) -> dict[str, Any]:
    given, _sep, family = user.name.rpartition(" ") if " " in user.name else (user.name, "", "")
    people = [group for group in user.groups.all() if not hasattr(group, "role")]
    return with_version(
        {
            "schemas": [USER],
            "id": str(user.pk),
            "externalId": user.external_id or None,
            "userName": user.email,
            "displayName": user.name,
            "name": {"formatted": user.name, "givenName": given, "familyName": family},
            "emails": [{"value": user.email, "type": "work", "primary": True}],
            "active": user.is_active,
            "groups": [{"value": str(group.pk), "display": group.name} for group in people],
            "meta": {
                "resourceType": "User",
                "created": user.created_at.isoformat(),
                "location": request.build_absolute_uri(reverse("scim-user", args=[user.pk])),
            },
        }
    )


def _people() -> QuerySet[User]:
    return directory.people().prefetch_related(Prefetch("groups", Group.objects.select_related("role")))


def _found_user(pk: Any) -> User:
    user = _people().filter(pk=pk).first()
    if user is None:
        raise Http404
    return user


class Users(ScimView):
    def get(self, request: Request) -> Response:
        return self.many(_people(), lambda user: _show_user(request, user), USER_FILTERS)

    def post(self, request: Request) -> Response:
        change = PersonChange()
        for attribute, value in self.body().items():
            change.take(attribute.lower(), value)
        values = {"name": "", "external_id": ""} | change.values
        if not values.get("email"):
            raise ScimError(400, "userName is needed.", "invalidValue")
        user = directory.add_person(actor=request.user, **values)
        return self.one(_show_user(request, _found_user(user.pk)), 201)


class OneUser(ScimView):
    def get(self, request: Request, pk: Any) -> Response:
        return self.one(_show_user(request, _found_user(pk)))

    def put(self, request: Request, pk: Any) -> Response:
        body = self.body()
        if not body.get("userName"):
            raise ScimError(400, "userName is needed.", "invalidValue")
        return self._change(pk, [(attribute.lower(), value) for attribute, value in body.items()])

    def patch(self, request: Request, pk: Any) -> Response:
        return self._change(pk, [(name, value) for _op, name, _which, value in operations(self.body())])

    def _change(self, pk: Any, changes: list[tuple[str, Any]]) -> Response:
        user = _found_user(pk)
        self.check_precondition(_show_user(self.request, user))
        change = PersonChange(user)
        for attribute, value in changes:
            change.take(attribute, value)
        directory.change_person(actor=self.request.user, user=user, **change.values)
        return self.one(_show_user(self.request, _found_user(pk)))

    def delete(self, request: Request, pk: Any) -> Response:
        user = _found_user(pk)
        self.check_precondition(_show_user(request, user))
        directory.remove_person(actor=request.user, user=user)
        return Response(status=204)
