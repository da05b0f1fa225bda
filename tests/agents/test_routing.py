"""A question without a chosen agent goes to the nearest one, with the reason."""

import pytest

from apps.agents.models import Agent
from apps.agents.services import routing
from apps.conversations.models import Conversation
from apps.projects.models import Project
from tests.conftest import api_for, client_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def travel(agent):
    return Agent.objects.create(
        name="Travel desk",
        description="Books trips and knows which travel costs are paid back.",
        starters=["Which hotel may I take in Lyon?", "Who pays for my train ticket?"],
    )


@pytest.fixture(params=["by meaning", "by words"])
def compared(request, monkeypatch):
    if request.param == "by words":
        monkeypatch.setattr(routing, "embedding_port", lambda: None)


def test_nearest_agent_is_chosen_with_its_reason(agent, travel, member, compared):
    choice = routing.best_agent(actor=member, text="Who pays for the train to the client?")
    assert choice.agent == travel and "Who pays for my train ticket?" in choice.why
    other = routing.best_agent(actor=member, text="How many days of annual leave do I get this year?")
    assert other.agent == agent and "annual leave" in other.why


def test_nothing_near_is_no_reason(agent, travel, member, compared):
    choice = routing.best_agent(actor=member, text="qwxz zzzy")
    assert choice.why == "" and choice.agent == agent, "the first by name"


def test_only_those_that_one_may_ask(agent, travel, member, in_acme):
    text = "Who pays for my train ticket?"
    Agent.objects.filter(pk=travel.pk).update(is_open=False)
    assert [choice.agent for choice in routing.ranked(actor=member, text=text)] == [agent]
    project = Project.objects.create(name="Relocation")
    assert routing.best_agent(actor=member, text=text, project=project) is None


def test_home_asks_the_right_one_and_says_why(agent, travel, member, acme):
    site = client_for(acme, member)
    site.post("/chat/", {"text": "Who pays for my train ticket to the client?"})
    conversation = Conversation.objects.get()
    assert conversation.agent == travel
    shown = site.get(f"/chat/{conversation.pk}/").content.decode()
    assert "was chosen for this" in shown and "Who pays for my train ticket?" in shown
    site.post("/chat/", {"text": "Who pays for my train ticket?", "agent": str(agent.pk)})
    chosen = Conversation.objects.order_by("created_at").last()
    assert (chosen.agent, chosen.chosen_because) == (agent, "")


def test_by_api(agent, travel, member, acme):
    api = api_for(acme, member)
    found = api.post("/api/v1/agents/choose", {"text": "Who pays for my train ticket?"}, format="json").json()
    assert [each["agent"]["name"] for each in found] == ["Travel desk", agent.name]
    assert found[0]["score"] > found[1]["score"]
    assert api.post("/api/v1/agents/choose", {}, format="json").status_code == 422
