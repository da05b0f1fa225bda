"""A tenant is set up whole or not at all, from every door: page, administration, API, command."""

import re

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.accounts.services.members import create_operator
from apps.agents.models import Agent
from apps.audit.models import AuditEvent
from apps.core.errors import InvalidInput
from apps.core.tenancy import public_context, tenant_context
from apps.jobs.models import Job
from apps.tenants import cloning, schemas, services
from apps.tenants.models import Domain, Provisioning, Tenant
from apps.tenants.types import Owner

PASSWORD = "correct horse battery"
FORM = {"name": "Initech", "slug": "initech", "person": "Bill", "email": "bill@initech.example", "password": PASSWORD}

COLUMNS = """
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
           pg_get_expr(d.adbin, d.adrelid)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relnamespace = %s::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1, 2
"""
CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, contype, condeferrable, condeferred, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = %s::regnamespace ORDER BY 1, 2
"""
INDEXES = "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = %s ORDER BY 1, 2"
TRIGGERS = """
    SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid, true) FROM pg_trigger
    WHERE NOT tgisinternal AND tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace = %s::regnamespace) ORDER BY 1, 2
"""
SEQUENCES = "SELECT sequencename FROM pg_sequences WHERE schemaname = %s ORDER BY 1"


class Schema:
    def __init__(self, name):
        self.schema_name = name


def shape(schema, statement):
    """Rows of the catalogue, less the casts and brackets that PostgreSQL writes anew when it reads an expression."""
    with tenant_context(schema), connection.cursor() as cursor:
        cursor.execute(statement, [schema.schema_name])
        rows = [[str(value).replace(schema.schema_name, "X") for value in row] for row in cursor.fetchall()]
    return [[re.sub(r"::[a-z ]+(\[\])?|[()]", "", value) for value in row] for row in rows]


@pytest.mark.parametrize("statement", [COLUMNS, CONSTRAINTS, INDEXES, TRIGGERS, SEQUENCES])
def test_a_copied_schema_is_the_migrated_one(statement, db, acme):
    copied = shape(acme, statement)
    assert copied == shape(cloning.TEMPLATE, statement)
    assert copied


def test_counters_go_on_behind_the_copied_rows(acme):
    from django.contrib.contenttypes.models import ContentType

    with tenant_context(acme):
        last = ContentType.objects.order_by("-pk").first().pk
        assert ContentType.objects.create(app_label="x", model="y").pk > last


@pytest.fixture
def operator(db):
    return create_operator(email="op@platform.example", name="Op", password=PASSWORD)


@pytest.fixture
def outside(db):
    """The platform's own site, with nobody signed in."""
    return Client(HTTP_HOST="localhost")


def ask(**changes):
    values = {k: v for k, v in FORM.items()} | changes
    return services.request_tenant(**values)


def test_sign_up_page_sets_up_an_organisation_with_its_owner(outside, work):
    response = outside.post("/sign-up/", FORM)
    assert response.status_code == 302
    waiting = outside.get(response["Location"]).content.decode()
    assert "Setting up Initech" in waiting
    assert Client(HTTP_HOST="initech.localhost").get("/accounts/login/").status_code == 404
    work("agents")
    ready = outside.get(response["Location"]).content.decode()
    assert "Initech is ready" in ready and "http://initech.localhost:8000/" in ready
    site = Client(HTTP_HOST="initech.localhost")
    assert site.post("/accounts/login/", {"login": FORM["email"], "password": PASSWORD}).status_code == 302
    assert site.get("/admin/").status_code == 200
    with public_context():
        tenant = Tenant.objects.get(slug="initech")
        assert not Provisioning.objects.exists()
        assert [e.action for e in AuditEvent.objects.order_by("at")][-2:] == ["tenant.requested", "tenant.provisioned"]
    assert schemas.missing(tenant) == []
    with tenant_context(tenant):
        assert Agent.objects.get().knowledge_bases.count() == 1
        assert User.objects.get().check_password(PASSWORD)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slug", "a"),
        ("slug", "Acme Ltd"),
        ("slug", "admin"),
        ("slug", "acme"),
        ("slug", "a" * 41),
        ("name", " "),
        ("person", ""),
        ("email", "nobody"),
        ("password", "short"),
        ("password", "password123"),
    ],
)
def test_bad_input_is_told_at_the_field_and_leaves_nothing(field, value, outside):
    response = outside.post("/sign-up/", FORM | {field: value})
    assert response.status_code == 422
    assert f'id="id_{field}-n"' in response.content.decode()
    assert PASSWORD not in response.content.decode()
    with public_context():
        assert not Tenant.objects.filter(slug=value).exclude(slug="acme").exists()
        assert not Provisioning.objects.exists()


def test_closed_platform_says_so(outside, settings):
    settings.TENANT_SIGN_UP = False
    response = outside.post("/sign-up/", FORM)
    assert response.status_code == 403 and b"set up by the operator" in response.content
    assert b"sign-up" not in outside.get("/").content


def test_sign_ups_from_one_address_are_limited(outside, settings):
    outside.raise_request_exception = False
    address = {"REMOTE_ADDR": "203.0.113.7"}
    codes = [outside.post("/sign-up/", FORM | {"slug": "admin"}, **address).status_code for _ in range(11)]
    assert codes == [422] * 10 + [429]


def test_failure_leaves_nothing_behind(db, work, monkeypatch):
    def broken(sender, **kwargs):
        raise RuntimeError("no room")

    from apps.tenants.events import tenant_provisioned

    tenant = ask()
    tenant_provisioned.connect(broken)
    try:
        for _ in range(4):
            with public_context():
                Job.objects.filter(object_id=tenant.pk).update(not_before="2020-01-01T00:00Z")
            work("agents")
    finally:
        tenant_provisioned.disconnect(broken)
    with public_context():
        assert Job.objects.get(object_id=tenant.pk).state == "dead"
        assert not Tenant.objects.filter(slug="initech").exists()
        assert not Domain.objects.filter(domain__startswith="initech").exists()
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname = 't_initech'")
            assert cursor.fetchone() == (0,)
    gone = Client(HTTP_HOST="localhost").get(f"/sign-up/{tenant.pk}/")
    assert gone.status_code == 404 and b"nothing of it was kept" in gone.content
    assert ask().slug == "initech"


def test_asking_twice_makes_one(db, work):
    ask()
    with pytest.raises(InvalidInput):
        ask()
    work("agents")
    again = services.provision_tenant(slug="initech", name="Another")
    assert (again.name, again.state) == ("Initech", "active")


def test_command_sends_the_owner_a_link(db, capsys, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        call_command("provision_tenant", "initech", "Initech", "--owner", "Bill@initech.example")
    assert capsys.readouterr().out == "initech: Active\n"
    message = mail.outbox[-1]
    link = next(word for word in message.body.split() if word.startswith("http"))
    assert message.to == ["bill@initech.example"] and message.subject == "Initech: your account is ready"
    assert link in message.alternatives[0].content
    site = Client(HTTP_HOST="initech.localhost")
    step = site.get(link.removeprefix("http://initech.localhost:8000"))
    done = site.post(step["Location"], {"password1": PASSWORD, "password2": PASSWORD})
    assert done.status_code == 302
    assert site.post("/accounts/login/", {"login": "bill@initech.example", "password": PASSWORD}).status_code == 302


def test_operator_sets_one_up_in_the_administration(outside, operator, work):
    assert outside.get("/admin/tenants/tenant/").status_code == 302
    login = outside.post("/accounts/login/", {"login": operator.email, "password": PASSWORD, "next": "/admin/"})
    assert (login.status_code, login["Location"]) == (302, "/admin/")
    assert outside.get("/admin/tenants/tenant/add/").status_code == 200
    form = {k: v for k, v in FORM.items() if k != "password"}
    wrong = outside.post("/admin/tenants/tenant/add/", form | {"slug": "acme"})
    assert b"This address is taken." in wrong.content
    assert outside.post("/admin/tenants/tenant/add/", form).status_code == 302
    work("agents")
    with public_context():
        tenant = Tenant.objects.get(slug="initech")
    assert tenant.state == "active"
    for path in ("tenants/tenant", f"tenants/tenant/{tenant.pk}/change", "tenants/domain", "jobs/job", "accounts/user"):
        assert outside.get(f"/admin/{path}/").status_code == 200, path
    assert outside.get("/admin/audit/auditevent/").status_code == 200
    assert outside.post(f"/admin/tenants/tenant/{tenant.pk}/delete/", {"post": "yes"}).status_code == 403


def test_tenants_people_are_nobody_on_the_platform(outside, acme):
    response = outside.post("/accounts/login/", {"login": "admin@acme.example", "password": PASSWORD})
    assert response.status_code == 200 and b"notice bad" in response.content
    assert outside.get("/operations/").status_code == 302


def operators_api(operator):
    client = APIClient(HTTP_HOST="localhost")
    pair = client.post("/api/v1/auth/login", {"email": operator.email, "password": PASSWORD}, format="json")
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {pair.json()['access']}")
    return client


def test_operator_sets_one_up_by_api(operator, work):
    client = operators_api(operator)
    body = {"slug": "initech", "name": "Initech", "owner_email": "bill@initech.example", "owner_name": "Bill"}
    first = client.post("/api/v1/platform/tenants", body, format="json")
    again = client.post("/api/v1/platform/tenants", body, format="json")
    other = client.post("/api/v1/platform/tenants", body | {"name": "Other"}, format="json")
    assert (first.status_code, again.status_code, other.status_code) == (202, 200, 409)
    assert first.json()["state"] == "provisioning"
    work("agents")
    tenant = client.get("/api/v1/platform/tenants/initech").json()
    assert (tenant["state"], tenant["domains"]) == ("active", ["initech.localhost"])
    wrong = client.post("/api/v1/platform/tenants", body | {"slug": "A b"}, format="json")
    assert (wrong.status_code, list(wrong.json()["errors"])) == (422, ["slug"])
    assert "Initech" in [t["name"] for t in client.get("/api/v1/platform/tenants?q=init").json()["results"]]


def test_operators_token_and_tenants_token_do_not_cross(operator, acme, api):
    client = operators_api(operator)
    assert client.get("/api/v1/auth/me", HTTP_HOST="acme.localhost").status_code == 401
    assert api.get("/api/v1/platform/tenants", HTTP_HOST="localhost").status_code == 401


def test_create_operator_command(db, monkeypatch, capsys):
    monkeypatch.setenv("OPERATOR_PASSWORD", PASSWORD)
    call_command("create_operator", "op@platform.example", "Op")
    assert "op@platform.example runs this platform." in capsys.readouterr().out
    with public_context():
        assert User.objects.get(email="op@platform.example").is_superuser


def test_tenant_sees_its_own_jobs_alone(acme, globex, admin_user, base, member, work):
    from tests.conftest import client_for
    from tests.knowledge.test_ingestion import upload

    with tenant_context(acme):
        document, _ = upload(member, base)
    ours, theirs = client_for(acme, admin_user), client_for(globex)
    with tenant_context(globex):
        theirs.force_login(User.objects.get(email="admin@globex.example"))
    assert str(document.pk) in ours.get("/admin/jobs/tenantjob/").content.decode()
    assert str(document.pk) not in theirs.get("/admin/jobs/tenantjob/").content.decode()
