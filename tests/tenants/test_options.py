"""Settings of an organisation: one answer with its origin, effective at once, and what the present ones do."""

import re
import uuid

import pytest
from django.core import mail
from django.test import Client

from apps.accounts.models import Invitation
from apps.audit.models import AuditEvent
from apps.core.errors import Forbidden, InvalidInput, TooManyRequests
from apps.core.tenancy import public_context, tenant_context
from apps.tenants import resolver, services
from apps.tenants.models import OptionValue
from apps.tenants.options import CHAT_LIMIT, IDLE_MINUTES, REQUIRE_SECOND_FACTOR, SIGN_UP_DOMAINS
from tests.conftest import PASSWORD, api_for


@pytest.fixture
def owner(in_acme, admin_user):
    return admin_user


def put(owner, option, value):
    services.set_option(actor=owner, option=option, value=value)


def test_value_and_origin(owner, globex):
    assert resolver.resolve(CHAT_LIMIT) == resolver.Resolved(60, None)
    put(owner, CHAT_LIMIT, 10)
    assert resolver.resolve(CHAT_LIMIT) == resolver.Resolved(10, OptionValue.Level.TENANT)
    with tenant_context(globex):
        assert resolver.resolve(CHAT_LIMIT).value == 60
    put(owner, CHAT_LIMIT, None)
    assert resolver.resolve(CHAT_LIMIT) == resolver.Resolved(60, None)


def test_the_most_special_place_wins(owner, acme):
    put(owner, CHAT_LIMIT, 10)
    agent, run = uuid.uuid4(), uuid.uuid4()
    with public_context():
        for level, object_id, value in (("agent", agent, 5), ("run", run, 2)):
            OptionValue.objects.create(tenant=acme, level=level, object_id=object_id, key=CHAT_LIMIT.key, value=value)
    resolver.VALUES.forget()
    places = [(OptionValue.Level.RUN, run), (OptionValue.Level.AGENT, agent)]
    assert resolver.resolve(CHAT_LIMIT, places) == resolver.Resolved(2, OptionValue.Level.RUN)
    assert resolver.resolve(CHAT_LIMIT, places[1:]) == resolver.Resolved(5, OptionValue.Level.AGENT)
    assert resolver.resolve(CHAT_LIMIT, [(OptionValue.Level.AGENT, uuid.uuid4())]).value == 10


def test_answers_come_from_the_cache(owner, django_assert_num_queries):
    resolver.resolve(CHAT_LIMIT)
    with django_assert_num_queries(0):
        resolver.resolve(IDLE_MINUTES)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        (CHAT_LIMIT, 0),
        (CHAT_LIMIT, 1001),
        (CHAT_LIMIT, "many"),
        (CHAT_LIMIT, True),
        (REQUIRE_SECOND_FACTOR, "yes"),
        (SIGN_UP_DOMAINS, ["localhost"]),
        (SIGN_UP_DOMAINS, "acme.example"),
    ],
)
def test_bad_values_are_refused(option, value, owner):
    with pytest.raises(InvalidInput) as error:
        put(owner, option, value)
    assert error.value.field == option.key
    assert resolver.resolve(option).origin is None


def test_changes_are_written_down_and_for_the_few(owner, member):
    put(owner, CHAT_LIMIT, 10)
    event = AuditEvent.objects.get(action="option.changed")
    assert (event.before, event.after) == ({CHAT_LIMIT.key: 60}, {CHAT_LIMIT.key: 10})
    with pytest.raises(Forbidden):
        put(member, CHAT_LIMIT, 20)


def test_page_sets_refuses_and_takes_back(owner, admin_client):
    def post(**values):
        with tenant_context(None):
            return admin_client.post("/settings/", values)

    assert post(key=CHAT_LIMIT.key, value="7").status_code == 302
    assert resolver.resolve(CHAT_LIMIT).value == 7
    wrong = post(key=CHAT_LIMIT.key, value="lots")
    assert wrong.status_code == 422 and b'value="lots"' in wrong.content and b"from 1 to 1000" in wrong.content
    assert post(key=SIGN_UP_DOMAINS.key, value="@Acme.example, acme.test").status_code == 302
    assert resolver.resolve(SIGN_UP_DOMAINS).value == ["acme.example", "acme.test"]
    assert post(key=CHAT_LIMIT.key, reset="1").status_code == 302
    assert resolver.resolve(CHAT_LIMIT).origin is None


def test_api_tells_values_and_origins(acme, owner):
    client = api_for(acme, owner)
    with tenant_context(None):
        client.patch("/api/v1/config/company", {"key": CHAT_LIMIT.key, "value": 9})
        listed = {row["key"]: row for row in client.get("/api/v1/config/company").json()}
        wrong = client.patch("/api/v1/config/company", {"key": CHAT_LIMIT.key, "value": -1})
    assert listed[CHAT_LIMIT.key] == {"key": CHAT_LIMIT.key, "value": 9, "origin": "tenant"}
    assert listed[IDLE_MINUTES.key] == {"key": IDLE_MINUTES.key, "value": 30, "origin": "system"}
    assert (wrong.status_code, list(wrong.json()["errors"])) == (422, [CHAT_LIMIT.key])


# -- what they do


def test_chat_limit_is_the_organisations(owner, member, agent):
    from apps.conversations.services import start_conversation

    put(owner, CHAT_LIMIT, 1)
    start_conversation(actor=member, agent=agent, text="One")
    with pytest.raises(TooManyRequests):
        start_conversation(actor=member, agent=agent, text="Two")


def test_required_second_factor_leads_there_first(owner, member_client, visitor, api):
    put(owner, REQUIRE_SECOND_FACTOR, True)
    with tenant_context(None):
        assert member_client.get("/knowledge/")["Location"] == "/accounts/2fa/"
        page = member_client.get("/accounts/2fa/")
        login = visitor.post(
            "/api/v1/auth/login", {"email": "member@acme.example", "password": PASSWORD}, "application/json"
        )
    assert b"asks for a second factor" in page.content
    assert (login.status_code, login.json()["type"]) == (401, "/docs/problems#mfa_missing")
    put(owner, REQUIRE_SECOND_FACTOR, False)
    with tenant_context(None):
        assert member_client.get("/knowledge/").status_code == 200


def test_idle_minutes_are_the_organisations(owner, member_client):
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    put(owner, IDLE_MINUTES, 5)
    with tenant_context(None):
        member_client.get("/")
    ends = [session.expire_date - timezone.now() for session in Session.objects.all()]
    assert 200 < min(ends).total_seconds() <= 300


def test_people_of_a_domain_join_by_a_link(owner, visitor, django_capture_on_commit_callbacks):
    def ask(email):
        with django_capture_on_commit_callbacks(execute=True), tenant_context(None):
            return visitor.post("/accounts/signup/", {"email": email})

    with tenant_context(None):
        assert b"by invitation" in visitor.get("/accounts/signup/").content
    put(owner, SIGN_UP_DOMAINS, ["acme.example"])
    assert ask("eve@evil.example").status_code == 422
    known, fresh = ask("member@acme.example"), ask("Zoe@acme.example")
    assert known.content.split(b"<main")[1] == fresh.content.split(b"<main")[1]
    assert [m.to for m in mail.outbox] == [["zoe@acme.example"]]
    assert [g.role.key for g in Invitation.objects.get().roles.all()] == ["member"]
    path = re.search(r"/invitation/\S+/", mail.outbox[0].body)[0]
    with tenant_context(None):
        guest = Client(HTTP_HOST="acme.localhost")
        assert guest.post(path, {"name": "Zoe", "password": PASSWORD}).status_code == 302
        assert guest.get("/").status_code == 200


# -- organizations, as API clients call them


def test_ones_own_organisation_is_read_and_renamed(acme, globex, owner, member):
    with tenant_context(None):
        api, other = api_for(acme, owner), api_for(acme, member)
        found = other.get("/api/v1/organizations/").json()["results"]
        assert [(o["id"], o["slug"], o["domains"]) for o in found] == [(str(acme.pk), "acme", ["acme.localhost"])]
        assert other.get(f"/api/v1/organizations/{globex.pk}").status_code == 404
        assert other.patch(f"/api/v1/organizations/{acme.pk}", {"name": "Mine"}).status_code == 403
        assert api.patch(f"/api/v1/organizations/{acme.pk}", {"name": "  "}).status_code == 422
        renamed = api.patch(f"/api/v1/organizations/{acme.pk}", {"name": "Acme  Works"})
    assert renamed.json()["name"] == "Acme Works"
    event = AuditEvent.objects.get(action="tenant.renamed")
    assert (event.before, event.after) == ({"name": "Acme Ltd"}, {"name": "Acme Works"})


def test_the_organisation_is_renamed_by_page(owner, admin_client, acme):
    with tenant_context(None):
        assert admin_client.post("/settings/", {"name": " "}).status_code == 422
        assert admin_client.post("/settings/", {"name": "Acme Works"}).status_code == 302
        assert "Acme Works" in admin_client.get("/settings/").content.decode()


# -- of one agent


def test_an_agents_own_limit_goes_before_the_organisations(owner, agent, member, acme):
    from apps.agents.services import runs as agents

    agents.set_agent_option(actor=owner, agent=agent, option=CHAT_LIMIT, value=1)
    place = [(OptionValue.Level.AGENT, agent.pk)]
    assert resolver.resolve(CHAT_LIMIT, place) == resolver.Resolved(1, OptionValue.Level.AGENT)
    assert resolver.resolve(CHAT_LIMIT) == resolver.Resolved(60, None)
    event = AuditEvent.objects.get(action="option.changed")
    assert (event.target_id, event.before, event.after) == (str(agent.pk), {CHAT_LIMIT.key: 60}, {CHAT_LIMIT.key: 1})
    with pytest.raises(TooManyRequests):
        for _ in range(3):  # a minute may end in between
            agents.start_run(actor=member, agent=agent, question="Hi")
    agents.set_agent_option(actor=owner, agent=agent, option=CHAT_LIMIT, value=None)
    assert resolver.resolve(CHAT_LIMIT, place).origin is None
    agents.start_run(actor=member, agent=agent, question="Hi")


def test_only_what_an_agent_may_have_and_only_by_who_manages_it(owner, agent, member):
    from apps.agents.services import runs as agents

    with pytest.raises(InvalidInput):
        agents.set_agent_option(actor=owner, agent=agent, option=IDLE_MINUTES, value=10)
    with pytest.raises(Forbidden):
        agents.set_agent_option(actor=member, agent=agent, option=CHAT_LIMIT, value=10)


def test_an_agents_settings_by_page_and_api(owner, admin_client, agent, acme):
    page, url = f"/agents/{agent.pk}/settings/", f"/api/v1/agents/{agent.pk}/settings"
    with tenant_context(None):
        assert "System default" in admin_client.get(page).content.decode()
        assert admin_client.post(page, {"key": CHAT_LIMIT.key, "value": "lots"}).status_code == 422
        assert admin_client.post(page, {"key": CHAT_LIMIT.key, "value": "5"}).status_code == 302
        assert admin_client.post(page, {"key": IDLE_MINUTES.key, "value": "5"}).status_code == 302  # nothing such here
        api = api_for(acme, owner)
        assert api.get(url).json()[0] == {"key": CHAT_LIMIT.key, "value": 5, "origin": "agent"}
        assert {row["origin"] for row in api.get(url).json()[1:]} == {"system"}
        assert api.patch(url, {"key": CHAT_LIMIT.key, "value": None}).json()[0]["origin"] == "system"
        assert api.patch(url, {"key": IDLE_MINUTES.key, "value": 10}).status_code == 422
    assert resolver.resolve(IDLE_MINUTES).origin is None
