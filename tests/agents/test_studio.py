"""Agents made, changed, copied, switched off and on."""

import pytest
from django.conf import settings
from django.utils import translation

from apps.accounts.services import members, sharing
from apps.agents.models import Agent
from apps.agents.services import behaviour, runs, studio
from apps.audit.models import AuditEvent
from apps.core.errors import Conflict, Forbidden, InvalidInput
from apps.knowledge.models import KnowledgeBase
from tests.agents.test_runs import finished
from tests.conftest import PASSWORD, api_for, client_for
from tests.standin.server import says

pytestmark = pytest.mark.django_db


@pytest.fixture
def builder(in_acme):
    return members.create_user(email="bo@acme.example", name="Bo", password=PASSWORD, role="builder")


def make(builder, **values):
    return studio.save_agent(actor=builder, values={"name": "Travel desk"} | values)


def test_who_makes_an_agent_manages_it_and_everybody_asks_it(builder, member, base):
    made = make(builder, knowledge_bases=[base], starters=["Who pays?", "Who pays?", " "], icon="globe")
    assert (made.icon, made.starters, list(made.knowledge_bases.all())) == ("globe", ["Who pays?"], [base])
    assert sharing.may_manage(builder, made) and not sharing.may_manage(member, made)
    assert Agent.objects.usable_by(member).filter(pk=made.pk).exists()
    assert AuditEvent.objects.filter(action="agent.added", target_id=str(made.pk)).exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": " "}, "name"),
        ({"icon": "skull"}, "icon"),
        ({"tint": "pink"}, "tint"),
        ({"max_steps": 1}, "max_steps"),
        ({"starters": ["x" * 201]}, "starters"),
        ({"starters": [str(n) for n in range(7)]}, "starters"),
    ],
)
def test_what_does_not_fit_is_told_at_its_field(values, field, builder):
    with pytest.raises(InvalidInput) as caught:
        make(builder, **values)
    assert caught.value.field == field and not Agent.objects.filter(name="Travel desk").exists()


def test_name_is_taken_once_and_rights_are_asked_for(builder, member, agent):
    with pytest.raises(Conflict):
        make(builder, name=agent.name)
    with pytest.raises(Forbidden):
        make(member)
    with pytest.raises(Forbidden):
        studio.save_agent(actor=member, agent=agent, values={"name": "Mine"})


def test_collection_that_one_does_not_see_is_neither_given_nor_taken(builder, admin_user, base, agent):
    hidden = KnowledgeBase.objects.create(name="Board", is_open=False)
    with pytest.raises(InvalidInput):
        make(builder, knowledge_bases=[hidden])
    agent.knowledge_bases.set([base, hidden])
    studio.save_agent(actor=builder, agent=agent, values={"knowledge_bases": []})
    assert list(agent.knowledge_bases.all()) == [hidden]
    copy = studio.copy_agent(actor=builder, agent=agent)
    assert not copy.knowledge_bases.exists()


def test_copy_answers_alike_and_is_ones_own(builder, member, agent, base, admin_user, acme, scripted, work):
    values = {"instructions": "Answer in rhymes.", "rule_sets": []}
    behaviour.set_behaviour(actor=admin_user, agent=agent, values=values)
    sharing.set_open(actor=admin_user, shared=agent, is_open=True)
    copy = studio.copy_agent(actor=builder, agent=agent)
    assert (copy.name, copy.instructions) == (f"{agent.name}, copy 1", "Answer in rhymes.")
    assert studio.copy_agent(actor=builder, agent=agent).name == f"{agent.name}, copy 2"
    assert sharing.may_manage(builder, copy) and copy.model == agent.model
    scripted.script(says("As you like."))
    run = runs.start_run(actor=member, agent=copy, question="Rhyme?")
    work("agents")
    assert finished(run).answer == "As you like."
    with pytest.raises(Forbidden):
        studio.copy_agent(actor=member, agent=agent)


def test_copy_of_a_shut_agent_is_no_way_around_it(builder, agent, admin_user, acme):
    sharing.set_open(actor=admin_user, shared=agent, is_open=False)
    assert client_for(acme, builder).post(f"/agents/{agent.pk}/copy/").status_code == 404
    assert Agent.objects.count() == 1


def test_switched_off_it_is_asked_by_nobody_and_found_by_those_who_manage_it(agent, member, admin_user, builder, acme):
    with pytest.raises(Forbidden):
        studio.switch_agent(actor=builder, agent=agent, is_active=False)
    studio.switch_agent(actor=admin_user, agent=agent, is_active=False)
    studio.switch_agent(actor=admin_user, agent=agent, is_active=False)
    with pytest.raises(Forbidden):
        runs.start_run(actor=member, agent=agent, question="Anybody?")
    assert agent.name not in client_for(acme, member).get("/agents/").content.decode()
    assert "Switched off" in client_for(acme, admin_user).get("/agents/").content.decode()
    studio.switch_agent(actor=admin_user, agent=agent, is_active=True)
    runs.start_run(actor=member, agent=agent, question="Anybody?")
    actions = AuditEvent.objects.filter(target_id=str(agent.pk), action__startswith="agent.switched")
    assert sorted(actions.values_list("action", flat=True)) == ["agent.switched_off", "agent.switched_on"]


def test_change_that_fails_in_part_changes_nothing(agent, builder, acme):
    """A builder may change the agent and not switch it."""
    api = api_for(acme, builder)
    sent = api.patch(f"/api/v1/agents/{agent.pk}", {"description": "New", "is_active": False}, format="json")
    assert sent.status_code == 403
    agent.refresh_from_db()
    assert agent.is_active and agent.description != "New"


def test_from_nothing_to_an_answer_by_pages(builder, member, base, acme, work):
    site = client_for(acme, builder)
    assert "Make an agent" in site.get("/agents/").content.decode()
    assert "Make an agent" not in client_for(acme, member).get("/agents/").content.decode()
    data = {"name": "", "description": "", "starters": "", "icon": "globe", "tint": "", "max_steps": "12"}
    assert site.post("/agents/new/", data).status_code == 422
    data |= {"name": "Travel desk", "knowledge_bases": [str(base.pk)], "starters": "Who pays?\r\nWhen?"}
    made = site.post("/agents/new/", data)
    agent = Agent.objects.get(name="Travel desk")
    assert made.url == f"/agents/{agent.pk}/behaviour/" and agent.starters == ["Who pays?", "When?"]
    assert site.post("/agents/new/", data).status_code == 422
    shown = site.get(f"/agents/{agent.pk}/edit/").content.decode()
    assert f'value="{base.pk}" checked' in shown and "Who pays?\nWhen?" in shown
    site.post(f"/agents/{agent.pk}/edit/", data | {"name": "Trips", "knowledge_bases": []})
    agent.refresh_from_db()
    assert agent.name == "Trips" and not agent.knowledge_bases.exists()
    copied = site.post(f"/agents/{agent.pk}/copy/").url
    assert "Trips, copy 1" in site.get(copied).content.decode()
    site.post(f"/agents/{agent.pk}/switch/")
    assert "Switch on" in site.get(f"/agents/{agent.pk}/edit/").content.decode()
    site.post(f"/agents/{agent.pk}/switch/", {"on": "1"})
    client_for(acme, member).post("/chat/", {"agent": str(agent.pk), "text": "Who pays?"})
    work("agents")
    assert finished(agent.runs.get()).state == "succeeded"


def test_the_same_by_api(builder, member, base, acme):
    api, at = api_for(acme, builder), "/api/v1/agents/"
    refused = api.post(at, {"name": "Desk", "icon": "skull"}, format="json")
    assert refused.status_code == 422 and "icon" in refused.json()["errors"]
    body = {"name": "Desk", "knowledge_bases": [str(base.pk)], "starters": ["Who pays?"]}
    made = api.post(at, body, format="json")
    assert made.status_code == 201 and made.json()["is_active"] is True
    mine = f"{at}{made.json()['id']}"
    assert api.patch(mine, {"description": "Trips"}, format="json").json()["description"] == "Trips"
    assert api.post(f"{mine}/copy").json()["name"] == "Desk, copy 1"
    assert api.patch(mine, {"is_active": False}, format="json").json()["is_active"] is False
    assert api_for(acme, member).get(mine).status_code == 404
    assert api_for(acme, member).patch(mine, {"is_active": True}, format="json").status_code in (403, 404)
    assert list(Agent.objects.get(pk=made.json()["id"]).knowledge_bases.all()) == [base]


def test_every_icon_is_in_the_sheet_and_has_words(builder, acme):
    sheet = (settings.BASE_DIR / "static" / "ui" / "icons.svg").read_text()
    assert [name for name in studio.ICONS if f'id="{name}"' not in sheet] == []
    with translation.override("de"):
        assert str(studio.ICONS["book-open"]) == "Buch"
