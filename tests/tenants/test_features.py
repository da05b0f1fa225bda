"""Features: the platform offers, the organisation chooses, by role and share of the people; changes hold at once."""

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.accounts.roles import group_for
from apps.accounts.services import members
from apps.audit.models import AuditEvent
from apps.core.errors import Forbidden, InvalidInput
from apps.core.tenancy import PUBLIC, public_context, tenant_context
from apps.tenants import rollout, services
from apps.tenants.flags import CONVERSATION_SHARING, Flag, flag
from apps.tenants.models import FlagRule
from tests.conftest import api_for

HIDDEN = Flag(key="test.hidden", words="Hidden", help="Not offered by default.", is_offered=False)


@pytest.fixture
def operator(db):
    return members.create_operator(email="op@platform.example", name="Op", password="correct horse battery")


def test_the_default_is_what_is_declared(in_acme, member):
    assert rollout.is_on(CONVERSATION_SHARING, member)
    assert not rollout.is_on(HIDDEN, member)
    assert flag("test.hidden") is HIDDEN
    with pytest.raises(ValueError):
        Flag(key="test.hidden", words="x", help="x")


def test_offered_to_one_organisation_alone(acme, globex, member, outsider, operator):
    services.offer_feature(actor=operator, flag=HIDDEN, tenant=acme, is_on=True)
    with tenant_context(acme):
        assert rollout.is_on(HIDDEN, member)
    with tenant_context(globex):
        assert not rollout.is_on(HIDDEN, outsider)


def test_the_rule_for_one_goes_before_the_rule_for_all(acme, globex, member, outsider, operator):
    services.offer_feature(actor=operator, flag=HIDDEN, tenant=None, is_on=True)
    rule = services.offer_feature(actor=operator, flag=HIDDEN, tenant=acme, is_on=False)
    with tenant_context(globex):
        assert rollout.is_on(HIDDEN, outsider)
    with tenant_context(acme):
        assert not rollout.is_on(HIDDEN, member)
    services.withdraw_rule(actor=operator, rule=rule)
    with tenant_context(acme):
        assert rollout.is_on(HIDDEN, member)


def test_an_organisation_chooses_among_what_is_offered(in_acme, admin_user, member):
    services.choose_feature(actor=admin_user, flag=HIDDEN, is_on=True)
    assert not rollout.is_on(HIDDEN, member)
    services.choose_feature(actor=admin_user, flag=CONVERSATION_SHARING, is_on=False)
    assert not rollout.is_on(CONVERSATION_SHARING, member)
    event = AuditEvent.objects.filter(action="flag.changed").get(after__flag="conversations.sharing")
    assert (event.before, event.after["is_on"]) == (None, False)


def test_by_role(in_acme, admin_user, member):
    services.choose_feature(actor=admin_user, flag=CONVERSATION_SHARING, is_on=True, roles=["builder"])
    assert not rollout.is_on(CONVERSATION_SHARING, member)
    member.groups.add(group_for("builder"))
    assert rollout.is_on(CONVERSATION_SHARING, member)
    assert not rollout.is_on(CONVERSATION_SHARING, None)


def test_by_share_always_the_same_people(in_acme, admin_user):
    people = [User(email=f"p{n}@acme.example") for n in range(2000)]

    def having(percentage):
        services.choose_feature(actor=admin_user, flag=CONVERSATION_SHARING, is_on=True, percentage=percentage)
        return {user.pk for user in people if rollout.is_on(CONVERSATION_SHARING, user)}

    none, some, more, all_ = having(0), having(20), having(50), having(100)
    assert (len(none), len(all_)) == (0, 2000)
    assert 320 < len(some) < 480 and 900 < len(more) < 1100
    assert some < more and some == having(20)


@pytest.mark.parametrize(
    ("values", "field"),
    [({"percentage": 101}, "percentage"), ({"percentage": -1}, "percentage"), ({"roles": ["king"]}, "roles")],
)
def test_bad_rules_are_refused(values, field, in_acme, admin_user):
    with pytest.raises(InvalidInput) as caught:
        services.choose_feature(actor=admin_user, flag=CONVERSATION_SHARING, is_on=True, **values)
    assert caught.value.field == field
    with public_context():
        assert FlagRule.objects.count() == 0


def test_members_do_not_choose(in_acme, member):
    with pytest.raises(Forbidden):
        services.choose_feature(actor=member, flag=CONVERSATION_SHARING, is_on=False)


def test_answers_come_from_the_cache(in_acme, member, django_assert_num_queries):
    rollout.is_on(CONVERSATION_SHARING, member)
    with django_assert_num_queries(0):
        rollout.is_on(CONVERSATION_SHARING, member)


def test_page(in_acme, admin_client, member):
    def post(**values):
        with tenant_context(None):
            return admin_client.post("/settings/features/", {"flag": "conversations.sharing", **values})

    assert post(percentage="lots", is_on="on").status_code == 422
    assert post(percentage="100", is_on="on", roles=["builder"]).status_code == 302
    assert not rollout.is_on(CONVERSATION_SHARING, member)
    with tenant_context(None):
        page = admin_client.get("/settings/features/").content.decode()
    assert 'value="builder" checked' in page and "You do not have it" in page


def test_api(acme, in_acme, admin_user, member):
    with tenant_context(None):
        client = api_for(acme, admin_user)
        answer = client.patch("/api/v1/config/features", {"flag": "conversations.sharing", "is_on": False})
        rows = {row["flag"]: row for row in answer.json()}
        assert rows["conversations.sharing"]["is_on"] is False
        assert rows["conversations.sharing"]["chosen_by"]["percentage"] == 100
    assert not rollout.is_on(CONVERSATION_SHARING, member)


@pytest.fixture
def platform(operator):
    client = APIClient(HTTP_HOST="localhost")
    with tenant_context(PUBLIC):
        client.force_login(operator)
    client.handler.enforce_csrf_checks = False
    return client


def test_operators_offer_by_api(platform, acme, member):
    body = {"flag": "test.hidden", "is_on": True, "organisation": "acme"}
    made = platform.put("/api/v1/platform/features", body, format="json")
    assert (made.status_code, made.json()["organisation"]) == (200, "acme")
    assert [row["flag"] for row in platform.get("/api/v1/platform/features").json()["results"]] == ["test.hidden"]
    with tenant_context(acme):
        assert rollout.is_on(HIDDEN, member)
    assert platform.delete(f"/api/v1/platform/features/{made.json()['id']}").status_code == 204
    with tenant_context(acme):
        assert not rollout.is_on(HIDDEN, member)
    assert (
        platform.put("/api/v1/platform/features", body | {"organisation": "nowhere"}, format="json").status_code == 404
    )


def test_operators_offer_in_the_administration(platform, acme, member):
    page = "/admin/tenants/flagrule/"
    values = {"flag": "test.hidden", "tenant": str(acme.pk), "is_on": "on", "roles": "", "percentage": "100"}
    assert platform.post(f"{page}add/", values, format="multipart").status_code == 302
    with tenant_context(acme):
        assert rollout.is_on(HIDDEN, member)
    with public_context():
        rule = FlagRule.objects.get()
    changed = {"roles": "builder", "percentage": "100", "is_on": "on"}
    assert platform.post(f"{page}{rule.pk}/change/", changed, format="multipart").status_code == 302
    with tenant_context(acme):
        assert not rollout.is_on(HIDDEN, member)
    assert platform.post(f"{page}{rule.pk}/delete/", {"post": "yes"}, format="multipart").status_code == 302
    with public_context():
        assert FlagRule.objects.count() == 0
        assert AuditEvent.objects.filter(action="flag.changed").count() == 3
