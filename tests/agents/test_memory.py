"""What agents remember about a person is that person's: told to agents with a memory when they ask, and to nobody else."""

import pytest

from apps.agents.models import Approval, Fact
from apps.agents.services import approvals, memory, runs, tools
from apps.audit.models import AuditEvent
from apps.core.errors import Conflict, InvalidInput
from tests.agents.test_runs import finished
from tests.conftest import api_for, client_for
from tests.standin.server import calls, says

pytestmark = pytest.mark.django_db
SHORT = "Likes short answers."


@pytest.fixture
def remembering(agent, admin_user):
    """An agent that remembers, and asks before only in a run that has read what others wrote."""
    tools.set_tools(actor=admin_user, agent=agent, wanted=[{"tool": "remember", "consent": "when_mixed"}])
    return agent


def ask(member, agent, question="I like short answers."):
    return runs.start_run(actor=member, agent=agent, question=question)


def test_what_somebody_tells_is_told_the_next_time_to_that_person_alone(
    remembering, member, admin_user, scripted, work
):
    scripted.script(calls("remember", {"fact": SHORT}), says("Noted."), says("Short."), says("Hello."))
    ask(member, remembering)
    work("agents")
    fact = Fact.objects.get()
    assert (fact.person, fact.text, fact.noted_by) == (member, SHORT, remembering)
    noted = AuditEvent.objects.get(action="fact.added")
    assert noted.after == {"noted_by": remembering.name} and SHORT not in str(noted.__dict__)
    assert SHORT in ask(member, remembering, "How many days?").instructions
    assert SHORT not in ask(admin_user, remembering, "How many days?").instructions


def test_it_asks_before_unless_its_grant_says_otherwise(agent, member, admin_user, scripted, work):
    tools.set_tools(actor=admin_user, agent=agent, wanted=[{"tool": "remember"}])
    scripted.script(calls("remember", {"fact": SHORT}), says("Noted."))
    run = ask(member, agent)
    work("agents")
    waiting = Approval.objects.get()
    assert not Fact.objects.exists()
    approvals.approve(actor=member, approval=waiting, digest=waiting.digest)
    work("agents")
    assert finished(run).state == "succeeded" and Fact.objects.get().text == SHORT


def test_a_run_that_has_read_what_others_wrote_always_asks(remembering, member, scripted, work):
    scripted.script(calls("remember", {"fact": "Pays every invoice at once."}))
    runs.start_run(actor=member, agent=remembering, question="Read this.", holds=["untrusted"])
    work("agents")
    assert Approval.objects.get().why == "mixed" and not Fact.objects.exists()


def test_agents_without_a_memory_are_told_nothing(agent, member, in_acme):
    memory.note_fact(actor=member, text=SHORT)
    assert SHORT not in ask(member, agent).instructions


def test_switched_off_nothing_is_told_or_remembered(remembering, member, scripted, work):
    memory.note_fact(actor=member, text=SHORT)
    memory.let_remember(actor=member, is_remembered=False)
    memory.let_remember(actor=member, is_remembered=False)
    member.refresh_from_db()
    scripted.script(calls("remember", {"fact": "Lives in Lyon."}), says("As you like."))
    run = ask(member, remembering)
    work("agents")
    assert SHORT not in run.instructions and Fact.objects.count() == 1
    assert "does not want" in run.events.get(kind="tool").payload["result"]
    assert AuditEvent.objects.filter(action="memory.switched").count() == 1


def test_known_fact_is_noted_once_and_there_is_an_end(remembering, member, scripted, work, monkeypatch):
    memory.note_fact(actor=member, text=SHORT)
    scripted.script(calls("remember", {"fact": SHORT}), says("I knew."))
    run = ask(member, remembering)
    work("agents")
    assert "known_already" in run.events.get(kind="tool").payload["result"]
    monkeypatch.setattr(memory, "MOST_FACTS", 1)
    with pytest.raises(Conflict):
        memory.note_fact(actor=member, text="Lives in Lyon.")


def test_words_are_checked_and_stay_out_of_the_audit(member, in_acme):
    fact = memory.note_fact(actor=member, text=f"  {SHORT}\n")
    assert fact.text == SHORT
    for wrong in ("", "x" * 301):
        with pytest.raises(InvalidInput):
            memory.change_fact(actor=member, fact=fact, text=wrong)
    with pytest.raises(Conflict):
        memory.note_fact(actor=member, text=SHORT)
    memory.forget(actor=member)
    assert not Fact.objects.exists()
    assert SHORT not in str(list(AuditEvent.objects.values()))


def test_page(member, acme, in_acme, admin_user):
    site = client_for(acme, member)
    assert "Nothing so far" in site.get("/memory/").content.decode()
    assert site.post("/memory/", {"text": " "}).status_code == 422
    site.post("/memory/", {"text": SHORT})
    fact = Fact.objects.get()
    assert SHORT in site.get("/memory/").content.decode()
    assert SHORT not in client_for(acme, admin_user).get("/memory/").content.decode()
    assert client_for(acme, admin_user).post(f"/memory/{fact.pk}/", {"text": "Mine"}).status_code == 404
    assert SHORT not in client_for(acme, admin_user).get(f"/admin/agents/fact/{fact.pk}/change/").content.decode()
    site.post(f"/memory/{fact.pk}/", {"text": "Likes long answers."})
    assert Fact.objects.get().text == "Likes long answers."
    site.post("/memory/switch/")
    assert "until you let them" in site.get("/memory/").content.decode()
    site.post("/memory/switch/", {"on": "1"})
    site.post(f"/memory/{fact.pk}/forget/")
    site.post("/memory/", {"text": SHORT})
    site.post("/memory/forget/")
    assert not Fact.objects.exists()


def test_api(member, acme, remembering):
    api = api_for(acme, member)
    made = api.post("/api/v1/facts/", {"text": SHORT}, format="json").json()
    assert api.post("/api/v1/facts/", {"text": SHORT}, format="json").status_code == 409
    assert [each["text"] for each in api.get("/api/v1/facts/").json()["results"]] == [SHORT]
    assert api.put(f"/api/v1/facts/{made['id']}", {"text": "So."}, format="json").json()["text"] == "So."
    assert api.put("/api/v1/facts/memory", {"is_remembered": False}, format="json").json() == {"is_remembered": False}
    assert api.delete(f"/api/v1/facts/{made['id']}").status_code == 204
    assert api.get("/api/v1/facts/").json()["results"] == []


def test_what_the_model_is_told_is_shown_to_that_person(remembering, admin_user, acme):
    memory.note_fact(actor=admin_user, text=SHORT)
    assert SHORT in client_for(acme, admin_user).get(f"/agents/{remembering.pk}/behaviour/").content.decode()
