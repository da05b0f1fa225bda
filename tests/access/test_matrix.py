"""Every route by every kind of visitor: what is not theirs answers as what does not exist."""

import asyncio
import uuid

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from rest_framework.test import APIClient

from apps.accounts.services.members import create_operator
from apps.core.tenancy import PUBLIC, tenant_context
from tests.access.routes import PLATFORM_ROUTES, PUBLIC_STATUS, ROUTES
from tests.conftest import api_for, client_for

WITHOUT_SCOPE = {
    *("api-login", "api-refresh", "api-logout", "api-me", "api-register", "api-register-confirm"),
    *("api-password-reset", "api-password-reset-confirm", "api-visit"),
}
NOT_OURS = ("admin:",)  # Django's own, tried as a whole below


def all_routes(resolver=None, prefix=""):
    for entry in (resolver or get_resolver("config.urls")).url_patterns:
        if isinstance(entry, URLResolver):
            namespace = f"{prefix}{entry.namespace}:" if entry.namespace else prefix
            yield from all_routes(entry, namespace)
        elif isinstance(entry, URLPattern):
            yield f"{prefix}{entry.name}"


def test_every_route_is_in_the_matrix():
    listed = {route.name for route in ROUTES}
    existing = {name for name in all_routes() if not name.startswith(NOT_OURS)}
    assert existing - listed == set()
    assert listed - existing == set()


def test_every_route_of_the_platform_is_in_the_matrix():
    listed = {route.name for route in PLATFORM_ROUTES}
    existing = {name for name in all_routes(get_resolver("config.urls_public")) if not name.startswith("platform:")}
    assert existing == listed


@pytest.mark.parametrize("route", PLATFORM_ROUTES, ids=lambda r: f"{r.method} {r.name} {'+'.join(r.keys)}")
def test_platform_route(route, acme, admin_user):
    operator = create_operator(email="op@platform.example", name="Op", password="correct horse battery")
    ids = {"tenant": acme.pk, "unknown": uuid.uuid4(), "slug": "acme", "number": 1}
    path = reverse(route.name, args=[ids[key] for key in route.keys], urlconf="config.urls_public")

    def status(user, schema):
        client = (APIClient if route.name.startswith("api-") and route.name != "api-docs" else Client)(
            HTTP_HOST="localhost"
        )
        if user is not None:
            with tenant_context(schema):
                client.force_login(user)
        kwargs = {"format": "json"} if isinstance(client, APIClient) and route.method != "GET" else {}
        return getattr(client, route.method.lower())(path, route.body, **kwargs).status_code

    assert status(None, None) == route.anonymous
    assert status(operator, PUBLIC) == route.operator
    assert status(admin_user, acme) == route.anonymous  # a tenant's session is nobody's here


def address(route, ids):
    if route.keys == ("reset",):
        return reverse(route.name, args=["1", "set-password"], urlconf="config.urls")
    if route.keys == ("number",):
        return reverse(route.name, args=[1], urlconf="config.urls")
    if route.keys == ("token",):
        return reverse(route.name, args=["unknown-token"], urlconf="config.urls")
    return reverse(route.name, args=[ids[key] for key in route.keys], urlconf="config.urls")


def is_api(route):
    return route.name.startswith(("api-", "scim-")) and route.name not in ("api-docs", "api-redoc")


def ask(client, route, ids):
    body = {key: ids.get(value, value) if isinstance(value, str) else value for key, value in route.body.items()}
    call = getattr(client, route.method.lower())
    if route.octets:
        return call(
            address(route, ids), route.octets, content_type="application/offset+octet-stream", headers=route.headers
        )
    if route.method in ("GET", "HEAD"):
        return call(address(route, ids), headers=route.headers)
    if is_api(route):
        how = "multipart" if route.is_multipart else "json"
        return call(address(route, ids), body, format=how, headers=route.headers)
    return call(address(route, ids), body)


def visitor(kind, route, tenant, user):
    if is_api(route):
        if user is None:
            from rest_framework.test import APIClient

            return APIClient(HTTP_HOST=f"{tenant.slug}.localhost")
        return api_for(tenant, user)
    return client_for(tenant, user)


@pytest.mark.parametrize("route", ROUTES, ids=lambda r: f"{r.method} {r.name} {'+'.join(r.keys)} {'+'.join(r.body)}")
def test_route(route, objects, acme, globex, member, colleague, outsider, admin_user, suspended, scopeless):
    def status(kind, tenant, user):
        with tenant_context(None):
            response = ask(visitor(kind, route, tenant, user), route, objects)
        return response.status_code

    anonymous = PUBLIC_STATUS.get(route.name, route.anonymous)
    assert status("anonymous", acme, None) == anonymous
    assert status("suspended", acme, suspended) == anonymous
    if is_api(route) and route.name not in WITHOUT_SCOPE:
        with tenant_context(None):
            assert ask(scopeless, route, objects).status_code == 403
    assert status("outsider", globex, outsider) == route.outsider
    if route.colleague != route.owner:
        assert status("colleague", acme, colleague) == route.colleague
    assert status("owner", acme, member) == route.owner
    if route.admin is not None:
        assert status("admin", acme, admin_user) == route.admin


METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
TAKES_POST_TOO = {  # forms whose POST is tried elsewhere with what it needs; here it would only show the form again
    *("account_login", "account_logout", "account_reauthenticate", "account_reset_password", "account_change_password"),
    *("account_reset_password_from_key", "account_signup", "conversation-new", "preferences"),
}


def unlisted():
    """Every method of every route that the matrix does not list."""
    listed = {(route.name, route.method) for route in ROUTES}
    first = {route.name: route for route in reversed(ROUTES)}
    return [(first[name], method) for name in sorted(first) for method in METHODS if (name, method) not in listed]


@pytest.mark.parametrize("visitors", ["outsider", "admin"])
def test_no_other_method_does_anything(visitors, objects, acme, globex, outsider, admin_user):
    """A method that the matrix does not list answers that it is not there, or as a page that shows a form again."""
    tenant, user = (globex, outsider) if visitors == "outsider" else (acme, admin_user)
    odd = {}
    for route, method in unlisted():
        with tenant_context(None):
            response = getattr(visitor(visitors, route, tenant, user), method.lower())(address(route, objects))
        if response.status_code < 300 and not (route.name in TAKES_POST_TOO or route.name.startswith("mfa_")):
            odd[f"{method} {route.name}"] = response.status_code
    assert odd == {}


@pytest.mark.parametrize(
    "route",
    [
        r
        for r in ROUTES
        if r.keys and r.keys not in (("reset",), ("token",), ("number",), ("role",), ("group",)) and r.outsider == 404
    ],
    ids=lambda r: f"{r.method} {r.name}",
)
def test_unknown_and_forbidden_answer_alike(route, objects, globex, outsider):
    unknown = dict.fromkeys(objects, objects["unknown"]) | {"number": objects["number"]}
    with tenant_context(None):
        foreign = ask(visitor("outsider", route, globex, outsider), route, objects)
        nowhere = ask(visitor("outsider", route, globex, outsider), route, unknown)
    assert foreign.status_code == nowhere.status_code == 404
    if not foreign.streaming:
        assert b"CANARY" not in foreign.content


def test_admin_is_for_staff(acme, globex, admin_user, member):
    with tenant_context(None):
        assert client_for(acme).get("/admin/").status_code == 302
        assert client_for(acme, member).get("/admin/").status_code == 302
        staff = client_for(acme, admin_user)
        assert staff.get("/admin/").status_code == 200
        for path in (
            "accounts/user",
            "audit/auditevent",
            "agents/agent",
            "agents/run",
            "agents/approval",
            "agents/standingconsent",
            "knowledge/document",
            "knowledge/knowledgebase",
            "conversations/conversation",
            "projects/project",
            "providers/provider",
            "integrations/connection",
            "providers/providermodel",
            "usage/usagerecord",
            "usage/budget",
            "usage/price",
            "usage/budgetrequest",
            "accounts/peoplegroup",
            "accounts/accessrequest",
            "accounts/identityprovider",
            "auth/group",
            "audit/securityevent",
            "audit/alertchannel",
            "audit/alert",
            "mails/outgoingmail",
        ):
            assert staff.get(f"/admin/{path}/").status_code == 200, path


@pytest.mark.parametrize("host", ["nobody.localhost", "localhost.evil.example", "acme.localhost.evil.example"])
def test_unknown_host_is_404_and_shows_nothing(db, host):
    from django.test import Client

    response = Client(HTTP_HOST=host).get("/")
    assert response.status_code in (400, 404)
    assert b"Acme" not in response.content


def test_host_and_header_that_disagree_are_400(acme, api):
    assert api.get("/api/v1/auth/me", HTTP_X_TENANT="globex").status_code == 400
    assert api.get("/api/v1/auth/me", HTTP_X_TENANT="acme").status_code == 200


def test_api_on_the_platforms_host_names_its_tenant(acme, member):
    client = api_for(acme, member)
    assert client.get("/api/v1/auth/me", HTTP_HOST="localhost", HTTP_X_TENANT="acme").status_code == 200
    assert client.get("/api/v1/auth/me", HTTP_HOST="localhost", HTTP_X_TENANT="globex").status_code == 401
    assert client.get("/api/v1/auth/me", HTTP_HOST="localhost").status_code == 401
