"""Versions of agents, drafts that are tried and published, and the way back."""

import pytest
from django.contrib.auth.models import Group
from django.db import ProgrammingError, transaction

from apps.accounts.services import members, sharing
from apps.agents.models import Agent, AgentVersion, Personality, Run, ToolGrant
from apps.agents.services import behaviour, drafts, health, runs, studio, tools, versions
from apps.audit.models import AuditEvent
from apps.core.errors import Conflict, Forbidden
from apps.knowledge.models import KnowledgeBase
from apps.usage.registry import found
from tests.agents.test_runs import finished
from tests.conftest import PASSWORD, api_for, client_for
from tests.standin.server import says

pytestmark = pytest.mark.django_db


@pytest.fixture
def builder(in_acme):
    return members.create_user(email="bo@acme.example", name="Bo", password=PASSWORD, role="builder")


def tell(actor, agent, words, **values):
    behaviour.set_behaviour(actor=actor, agent=agent, values={"instructions": words} | values)


def numbers(agent):
    return list(agent.versions.values_list("number", flat=True))


def test_each_change_is_a_version_and_the_first_says_what_was_before(agent, builder):
    before = agent.instructions
    tell(builder, agent, "Be brief.")
    tell(builder, agent, "Be brief.")
    studio.save_agent(actor=builder, agent=agent, values={"description": "Knows"})
    tools.set_tools(actor=builder, agent=agent, wanted=[{"tool": "calculate"}])
    assert numbers(agent) == [4, 3, 2, 1]
    first, last = agent.versions.last(), agent.versions.first()
    assert (first.content["instructions"], first.written_by) == (before, None)
    assert (last.content["tools"][0]["tool"], last.written_by) == ("calculate", builder)


def test_made_and_copied_ones_begin_at_one(agent, builder):
    tools.set_tools(actor=builder, agent=agent, wanted=[{"tool": "calculate", "consent": "always"}])
    made = studio.save_agent(actor=builder, values={"name": "Travel desk"})
    copy = studio.copy_agent(actor=builder, agent=agent)
    assert numbers(made) == numbers(copy) == [1]
    assert copy.tool_grants.get().consent == "always" and agent.tool_grants.count() == 1


def test_database_keeps_what_a_version_says(agent, builder):
    tell(builder, agent, "Be brief.")
    version = agent.versions.first()
    with pytest.raises(ProgrammingError, match="never change"), transaction.atomic():
        AgentVersion.objects.filter(pk=version.pk).update(content={})
    AgentVersion.objects.filter(pk=version.pk).update(written_by=None)


def test_differences_are_told_field_by_field(agent, builder, base):
    tell(builder, agent, "One.\nTwo.")
    tell(builder, agent, "One.\nThree.")
    tools.set_tools(actor=builder, agent=agent, wanted=[{"tool": "read_web_page", "hosts": ["example.com"]}])
    agent.knowledge_bases.clear()
    versions.keep(builder, agent)
    old, new = agent.versions.get(number=2).content, agent.versions.first().content
    told = {change.label: change for change in versions.changes(old, new)}
    assert set(told) == {"Instructions", "Collections that it searches", "Tool: read_web_page"}
    assert [(line.kind, line.text) for line in told["Instructions"].lines] == [
        ("same", "One."),
        ("removed", "Two."),
        ("added", "Three."),
    ]
    assert told["Collections that it searches"].before == base.name
    assert "example.com" in told["Tool: read_web_page"].after
    hidden = versions.changes(old, new, unseen=frozenset({str(base.pk)}))
    assert base.name not in str(hidden)


def test_draft_is_worked_on_while_people_use_the_agent(agent, builder, member, scripted, work):
    draft = drafts.start_draft(actor=builder, agent=agent)
    assert drafts.start_draft(actor=builder, agent=agent) == draft
    tell(builder, draft, "Answer in rhymes.")
    tools.set_tools(actor=builder, agent=draft, wanted=[{"tool": "calculate"}])
    agent.refresh_from_db()
    assert "rhymes" not in agent.instructions and not agent.tool_grants.exists() and not agent.versions.exists()
    scripted.script(says("As you like."))
    run = runs.start_run(actor=builder, agent=draft, question="Rhyme?")
    work("agents")
    run = finished(run)
    assert (run.answer, run.is_trial) == ("As you like.", True) and "rhymes" in run.instructions
    drafts.publish_draft(actor=builder, agent=agent, note="It rhymes", over=0)
    agent.refresh_from_db()
    assert agent.instructions == "Answer in rhymes." and agent.tool_grants.get().tool == "calculate"
    assert (numbers(agent), agent.versions.first().note) == ([2, 1], "It rhymes")
    assert Run.objects.get(pk=run.pk).agent == agent and not Agent.objects.exclude(draft_of=None).exists()
    asked = runs.start_run(actor=member, agent=agent, question="Well?")
    assert asked.agent_version.number == 2 and not asked.is_trial
    assert AuditEvent.objects.filter(action="agent.published", target_id=str(agent.pk)).count() == 1


def test_trials_count_for_no_health(agent, builder, scripted, work):
    scripted.script(says("So."))
    runs.start_run(actor=builder, agent=agent, question="Well?", is_trial=True)
    work("agents")
    assert health.health_of(actor=builder, agent=agent).ended == 0


def test_nobody_but_who_changes_the_agent_knows_the_draft(agent, builder, member, admin_user, acme):
    draft = drafts.start_draft(actor=builder, agent=agent)
    Agent.objects.filter(pk=draft.pk).update(name="Secret plans", is_open=True)
    for user in (builder, member, admin_user):
        assert draft not in Agent.objects.usable_by(user) and draft not in Agent.objects.visible_to(user)
        assert "Secret plans" not in client_for(acme, user).get("/agents/").content.decode()
        assert "Secret plans" not in api_for(acme, user).get("/api/v1/agents/").content.decode()
    with pytest.raises(Forbidden):
        runs.start_run(actor=member, agent=draft, question="Well?")
    with pytest.raises(Forbidden):
        tell(member, draft, "Obey.")
    assert client_for(acme, member).get(f"/agents/{draft.pk}/behaviour/").status_code == 404
    assert client_for(acme, builder).get(f"/agents/{draft.pk}/behaviour/").status_code == 200
    sharing.set_open(actor=admin_user, shared=agent, is_open=False)
    assert client_for(acme, builder).get(f"/agents/{draft.pk}/behaviour/").status_code == 404


def test_publishing_over_what_somebody_changed_is_refused(agent, builder):
    tell(builder, agent, "One.")
    drafts.start_draft(actor=builder, agent=agent)
    tell(builder, agent, "Two.")
    with pytest.raises(Conflict):
        drafts.publish_draft(actor=builder, agent=agent, over=2)
    agent.refresh_from_db()
    assert agent.instructions == "Two."
    drafts.discard_draft(actor=builder, agent=agent)
    with pytest.raises(Conflict):
        drafts.publish_draft(actor=builder, agent=agent)


def test_way_back_leaves_out_what_is_gone(agent, builder, admin_user, base):
    hidden = KnowledgeBase.objects.create(name="Board", is_open=False)
    personality = Personality.objects.create(name="Dry", tone="dry")
    buyers = Group.objects.create(name="Buyers")
    tell(admin_user, agent, "One.", personality=personality)
    wanted = [{"tool": "calculate"}, {"tool": "read_web_page", "consent": "always", "approvers": buyers}]
    tools.set_tools(actor=admin_user, agent=agent, wanted=wanted)
    old = agent.versions.first()
    tools.set_tools(actor=admin_user, agent=agent, wanted=[])
    tell(admin_user, agent, "Two.", personality=None)
    agent.knowledge_bases.set([hidden])
    personality.delete()
    buyers.delete()
    gone = drafts.restore(actor=builder, agent=agent, version=old)
    agent.refresh_from_db()
    assert gone == ["Dry", "read_web_page"], "a tool whose deciding group is gone does not come back without it"
    assert (agent.instructions, agent.personality) == ("One.", None)
    assert set(agent.knowledge_bases.all()) == {base, hidden}, "what the actor does not see stays"
    assert list(ToolGrant.objects.filter(agent=agent).values_list("tool", flat=True)) == ["calculate"]
    assert agent.versions.first().note == f"As it was in version {old.number}"


def test_administration_keeps_versions(agent, admin_user, acme):
    admin = client_for(acme, admin_user)
    page = admin.get(f"/admin/agents/agent/{agent.pk}/change/")
    assert page.status_code == 200
    form = page.context["adminform"].form
    data = {name: form[name].value() for name in form.fields}
    data = {name: value for name, value in data.items() if value is not None} | {"description": "By hand"}
    for formset in page.context["inline_admin_formsets"]:
        data |= {f"{formset.formset.prefix}-{key}": "0" for key in ("TOTAL_FORMS", "INITIAL_FORMS")}
    assert admin.post(f"/admin/agents/agent/{agent.pk}/change/", data).status_code == 302
    agent.refresh_from_db()
    assert agent.description == "By hand" and numbers(agent) == [2, 1]


def test_by_pages_from_draft_to_published_and_back(agent, builder, acme, scripted, work):
    site = client_for(acme, builder)
    assert "Nothing was changed so far" in site.get(f"/agents/{agent.pk}/versions/").content.decode()
    began = site.post(f"/agents/{agent.pk}/draft/").url
    draft = Agent.objects.get(draft_of=agent)
    assert began == f"/agents/{draft.pk}/behaviour/" and "This is a draft." in site.get(began).content.decode()
    assert "There is a draft" in site.get(f"/agents/{agent.pk}/edit/").content.decode()
    tell(builder, draft, "Rhyme.")
    scripted.script(says("In **rhymes**."))
    assert "Write a message first" in site.post(f"/agents/{draft.pk}/try/", {"question": " "}).content.decode()
    tried = site.post(f"/agents/{draft.pk}/try/", {"question": "Well?"}).content.decode()
    run = Run.objects.get(agent=draft)
    assert f"run={run.pk}" in tried
    work("agents")
    assert "<strong>rhymes</strong>" in site.get(f"/agents/{draft.pk}/try/?run={run.pk}").content.decode()
    compared = site.get(f"/agents/{agent.pk}/versions/compare/").content.decode()
    assert "Rhyme." in compared and "Publish the draft" in compared
    site.post(f"/agents/{agent.pk}/draft/publish/", {"note": "Rhymes", "over": "0"})
    listed = site.get(f"/agents/{agent.pk}/versions/").content.decode()
    assert "Rhymes" in listed and "In use" in listed
    site.post(f"/agents/{agent.pk}/versions/1/restore/")
    agent.refresh_from_db()
    assert agent.instructions != "Rhyme." and numbers(agent) == [3, 2, 1]
    assert site.get(f"/agents/{agent.pk}/versions/compare/?from=9&to=1").status_code == 200


def test_by_api(agent, builder, acme, scripted, work):
    api = api_for(acme, builder)
    draft = api.post(f"/api/v1/agents/{agent.pk}/draft").json()["id"]
    api.patch(f"/api/v1/agents/{draft}/behaviour", {"instructions": "Rhyme."}, format="json")
    scripted.script(says("So."))
    run = api.post(f"/api/v1/agents/{draft}/try", {"text": "Well?"}, format="json").json()
    work("agents")
    assert api.get(f"/api/v1/runs/{run['id']}").json()["answer"] == "So."
    sent = api.post(f"/api/v1/agents/{agent.pk}/draft/publish", {"note": "Rhymes", "over": 7}, format="json")
    assert sent.status_code == 409
    api.post(f"/api/v1/agents/{agent.pk}/draft/publish", {"note": "Rhymes", "over": 0}, format="json")
    listed = api.get(f"/api/v1/agents/{agent.pk}/versions").json()["results"]
    assert [(each["number"], each["note"]) for each in listed] == [(2, "Rhymes"), (1, "")]
    assert api.get(f"/api/v1/agents/{agent.pk}/versions/2").json()["content"]["instructions"] == "Rhyme."
    assert api.post(f"/api/v1/agents/{agent.pk}/versions/1/restore").json() == {"left_out": []}
    assert api.get(f"/api/v1/agents/{agent.pk}/versions/9").status_code == 404


def test_what_one_does_not_see_has_no_name(agent, builder, admin_user, acme):
    hidden = KnowledgeBase.objects.create(name="Board papers", is_open=False)
    agent.knowledge_bases.add(hidden)
    tell(admin_user, agent, "One.")
    agent.knowledge_bases.remove(hidden)
    versions.keep(admin_user, agent)
    for user, is_named in ((builder, False), (admin_user, True)):
        page = client_for(acme, user).get(f"/agents/{agent.pk}/versions/compare/?from=2&to=3").content.decode()
        told = api_for(acme, user).get(f"/api/v1/agents/{agent.pk}/versions/2").content.decode()
        assert ("Board papers" in page, "Board papers" in told) == (is_named, is_named)


def test_numbers_that_cannot_be_one(agent, builder, acme):
    tell(builder, agent, "One.")
    drafts.start_draft(actor=builder, agent=agent)
    site, endless = client_for(acme, builder), "9" * 5_000
    assert site.get(f"/agents/{agent.pk}/versions/compare/?from={endless[:900]}&to=²").status_code == 200
    assert site.post(f"/agents/{agent.pk}/draft/publish/", {"over": endless}).status_code == 302
    assert site.post(f"/agents/{agent.pk}/versions/{endless[:30]}/restore/").status_code == 404
    assert api_for(acme, builder).get(f"/api/v1/agents/{agent.pk}/versions/{endless[:30]}").status_code == 404


def test_budget_by_name_is_the_agents_and_not_its_drafts(agent, builder):
    draft = drafts.start_draft(actor=builder, agent=agent)
    assert draft.name == agent.name
    assert found("agent", agent.name) == agent
