"""What this service speaks, in its own words."""

from typing import Any

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.scim.protocol import GROUP, LIST, MOST, URN, USER, ScimView


def _attribute(name: str, kind: str = "string", **more: Any) -> dict[str, Any]:
    fixed = {
        "multiValued": False,
        "required": False,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
    }
    return {"name": name, "type": kind, **fixed, **({"caseExact": False} if kind == "string" else {}), **more}


SCHEMAS = {
    USER: {
        "name": "User",
        "attributes": [
            _attribute("userName", required=True, uniqueness="server"),
            _attribute("externalId", caseExact=True),
            _attribute("displayName"),
            _attribute("active", "boolean"),
            _attribute(
                "name",
                "complex",
                subAttributes=[_attribute("formatted"), _attribute("givenName"), _attribute("familyName")],
            ),
            _attribute(
                "emails", "complex", multiValued=True, mutability="readOnly", subAttributes=[_attribute("value")]
            ),
            _attribute(
                "groups", "complex", multiValued=True, mutability="readOnly", subAttributes=[_attribute("value")]
            ),
        ],
    },
    GROUP: {
        "name": "Group",
        "attributes": [
            _attribute("displayName", required=True, uniqueness="server"),
            _attribute("externalId", caseExact=True),
            _attribute("members", "complex", multiValued=True, subAttributes=[_attribute("value")]),
        ],
    },
}


def _as_list(resources: list[dict[str, Any]]) -> dict[str, Any]:
    count = len(resources)
    return {"schemas": [LIST], "totalResults": count, "startIndex": 1, "itemsPerPage": count, "Resources": resources}


class Schemas(ScimView):
    def get(self, request: Request, urn: str = "") -> Response:
        shown = [
            {"schemas": [f"{URN}:schemas:core:2.0:Schema"], "id": key, **schema} for key, schema in SCHEMAS.items()
        ]
        return _listed_or_one(shown, urn)


class ResourceTypes(ScimView):
    def get(self, request: Request, name: str = "") -> Response:
        shown = [
            {
                "schemas": [f"{URN}:schemas:core:2.0:ResourceType"],
                "id": kind,
                "name": kind,
                "endpoint": f"/{kind}s",
                "schema": urn,
            }
            for kind, urn in (("User", USER), ("Group", GROUP))
        ]
        return _listed_or_one(shown, name)


def _listed_or_one(shown: list[dict[str, Any]], wanted: str) -> Response:
    if not wanted:
        return Response(_as_list(shown))
    found = [one for one in shown if one["id"] == wanted]
    if not found:
        raise Http404
    return Response(found[0])


class ServiceProviderConfig(ScimView):
    def get(self, request: Request) -> Response:
        scheme = {"type": "oauthbearertoken", "name": "API key", "description": "A key with the scope `scim`."}
        return Response(
            {
                "schemas": [f"{URN}:schemas:core:2.0:ServiceProviderConfig"],
                "patch": {"supported": True},
                "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
                "filter": {"supported": True, "maxResults": MOST},
                "changePassword": {"supported": False},
                "sort": {"supported": False},
                "etag": {"supported": True},
                "authenticationSchemes": [scheme],
            }
        )
