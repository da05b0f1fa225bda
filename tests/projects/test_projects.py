"""Projects: who is in one reaches what is assigned to it, works in it, and is counted there."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.services import members, sharing
from apps.agents.models import Agent, Run
from apps.agents.services import runs as agents
from apps.audit.models import AuditEvent
from apps.conversations import services as conversations
from apps.conversations.models import Conversation
from apps.core.errors import Conflict, Forbidden, InvalidInput, TooManyRequests
from apps.knowledge.models import KnowledgeBase
from apps.projects import services
from apps.projects.models import Project
from apps.projects.registry import assignable
from apps.tenants.options import ANSWER_TOKENS, CHAT_LIMIT
from apps.usage.errors import BudgetSpent
from apps.usage.models import Budget, Price, UsageDay, UsageRecord
from apps.usage.services import budgets
from tests.agents.test_runs import finished
from tests.conftest import PASSWORD, api_for, client_for
from tests.standin.server import says

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(in_acme, admin_user, agent, base):
    """A project with the tenant's agent and collection, both shut to all but those who manage everything."""
    made = services.begin_project(actor=admin_user, name="Relocation")
    for key, thing in (("agents", agent), ("knowledge", base)):
        sharing.set_open(actor=admin_user, shared=thing, is_open=False)
        services.assign(actor=admin_user, project=made, kind=assignable(key), thing=thing)
    return made


@pytest.fixture
def builder(in_acme):
    return members.create_user(email="bo@acme.example", name="Bo", password=PASSWORD, role="builder")


def join(project, user, level, admin_user):
    sharing.share(actor=admin_user, shared=project, to=user, level=level)


def reaches(user, project, agent, base):
    return (
        Project.objects.visible_to(user).filter(pk=project.pk).exists(),
        KnowledgeBase.objects.visible_to(user).filter(pk=base.pk).exists(),
        Agent.objects.usable_by(user).filter(pk=agent.pk).exists(),
    )


@pytest.mark.parametrize(
    ("level", "reached"),
    [
        (None, (False, False, False)),
        ("view", (True, True, False)),
        ("use", (True, True, True)),
        ("manage", (True, True, True)),
    ],
)
def test_members_reach_what_is_assigned_by_their_level(level, reached, project, member, admin_user, agent, base):
    if level:
        join(project, member, level, admin_user)
    assert reaches(member, project, agent, base) == reached
    assert not Agent.objects.editable_by(member).exists() and not KnowledgeBase.objects.editable_by(member).exists()
    assert member.has_perm("agents.use_agent", agent) == reached[2]


def test_they_reach_it_no_longer_once_it_is_taken_out_or_they_leave(project, member, admin_user, agent, base):
    join(project, member, "use", admin_user)
    services.release(actor=admin_user, project=project, kind=assignable("knowledge"), thing=base)
    assert reaches(member, project, agent, base) == (True, False, True)
    sharing.unshare(actor=admin_user, shared=project, to=member)
    assert reaches(member, project, agent, base) == (False, False, False)


def test_through_an_archived_project_nobody_reaches_anything(project, member, admin_user, agent, base):
    join(project, member, "manage", admin_user)
    services.archive_project(actor=member, project=project)
    assert reaches(member, project, agent, base) == (True, False, False)
    services.archive_project(actor=member, project=project, is_archived=False)
    assert reaches(member, project, agent, base) == (True, True, True)


def test_open_project_makes_everybody_a_viewer(project, member, admin_user, agent, base):
    sharing.set_open(actor=admin_user, shared=project, is_open=True)
    assert reaches(member, project, agent, base) == (True, True, False)


def test_right_over_all_projects_is_no_way_into_what_they_hold(project, in_acme, admin_user, agent, base):
    from apps.accounts.services import groups

    role = groups.save_role(actor=admin_user, name="Office", rights=["projects.manage_project"])
    office = members.create_user(email="office@acme.example", name="Office", password=PASSWORD)
    office.groups.set([role])
    assert reaches(office, project, agent, base) == (True, False, False)


def test_why_names_the_project(project, member, admin_user, agent):
    join(project, member, "use", admin_user)
    reasons = sharing.explain(user=member, shared=agent)
    assert [(reason.level, "Relocation" in reason.source) for reason in reasons] == [("use", True), ("view", True)]


def test_who_assigns_must_manage_both(project, builder, admin_user, agent):
    own = services.begin_project(actor=builder, name="Own")
    with pytest.raises(Forbidden):  # not their agent
        services.assign(actor=builder, project=own, kind=assignable("agents"), thing=agent)
    sharing.share(actor=admin_user, shared=agent, to=builder, level="manage")
    with pytest.raises(Forbidden):  # not their project
        services.assign(actor=builder, project=project, kind=assignable("agents"), thing=agent)
    services.assign(actor=builder, project=own, kind=assignable("agents"), thing=agent)
    services.assign(actor=builder, project=own, kind=assignable("agents"), thing=agent)
    assert AuditEvent.objects.filter(action="project.assigned", target_id=str(own.pk)).count() == 1
    services.archive_project(actor=builder, project=own)
    with pytest.raises(Conflict):
        services.assign(actor=builder, project=own, kind=assignable("agents"), thing=agent)


def test_names_are_asked_for_and_taken_once(project, builder, member):
    with pytest.raises(InvalidInput):
        services.begin_project(actor=builder, name=" ")
    with pytest.raises(Conflict):
        services.begin_project(actor=builder, name="Relocation")
    with pytest.raises(Forbidden):
        services.begin_project(actor=member, name="Mine")


# -- working in one --------------------------------------------------------------------------------------------------


def test_conversation_of_a_project_runs_there_and_is_counted_there(
    project, member, admin_user, agent, acme, scripted, work
):
    join(project, member, "use", admin_user)
    scripted.script(says("Yes."))
    reply = conversations.start_conversation(actor=member, agent=agent, text="Do we move?", project=project)
    work("agents")
    run = finished(reply.run)
    assert (run.state, run.project, reply.conversation.project) == ("succeeded", project, project)
    record = UsageRecord.objects.get(run_id=run.pk)
    assert (record.project_id, record.project_name) == (project.pk, "Relocation")
    day = UsageDay.objects.get(dimension="project")
    assert (day.key, day.label, day.calls) == (str(project.pk), "Relocation", 1)
    scripted.script(says("Soon."))
    again = conversations.send_message(actor=member, conversation=reply.conversation, text="When?")
    assert again.run.project == project


def test_collections_of_the_project_are_searched_by_its_agents(project, member, admin_user, agent, base, acme, work):
    from tests.knowledge.test_ingestion import upload

    join(project, member, "use", admin_user)
    agent.knowledge_bases.clear()
    upload(member=admin_user, base=base)
    work("documents")
    outside = agents.start_run(actor=admin_user, agent=agent, question="How many days of annual leave?")
    inside = agents.start_run(actor=member, agent=agent, question="How many days of annual leave?", project=project)
    work("agents")
    assert not finished(outside).events.filter(name="search_knowledge").exists()
    found = finished(inside).events.get(name="search_knowledge")
    assert found.payload["sources"], found.payload


def test_nothing_begins_in_it_without_being_in_it(project, member, admin_user, agent, base):
    sharing.set_open(actor=admin_user, shared=agent, is_open=True)
    with pytest.raises(Forbidden):
        agents.start_run(actor=member, agent=agent, question="Hello?", project=project)
    join(project, member, "use", admin_user)
    services.release(actor=admin_user, project=project, kind=assignable("agents"), thing=agent)
    with pytest.raises(Conflict, match="does not work in the project"):
        agents.start_run(actor=member, agent=agent, question="Hello?", project=project)
    services.archive_project(actor=admin_user, project=project)
    with pytest.raises(Conflict, match="archived"):
        agents.start_run(actor=member, agent=agent, question="Hello?", project=project)
    assert not Run.objects.filter(started_by=member).exists()


def test_settings_of_the_project_stand_between_agent_and_organisation(
    project, member, admin_user, agent, acme, scripted, work
):
    join(project, member, "use", admin_user)
    services.set_project_option(actor=admin_user, project=project, option=ANSWER_TOKENS, value=321)
    services.set_project_option(actor=admin_user, project=project, option=CHAT_LIMIT, value=3)
    scripted.script(says("One."), says("Two."))
    agents.start_run(actor=member, agent=agent, question="One?", project=project)
    agents.set_agent_option(actor=admin_user, agent=agent, option=CHAT_LIMIT, value=50)
    work("agents")
    agents.set_agent_option(actor=admin_user, agent=agent, option=ANSWER_TOKENS, value=123)
    agents.start_run(actor=member, agent=agent, question="Two?", project=project)
    work("agents")
    assert [request.max_tokens for request in scripted.asked] == [321, 123]
    agents.start_run(actor=member, agent=agent, question="Three?", project=project)
    with pytest.raises(TooManyRequests):
        agents.start_run(actor=member, agent=agent, question="Four?", project=project)
    sharing.share(actor=admin_user, shared=agent, to=member, level="use")
    agents.start_run(actor=member, agent=agent, question="Elsewhere?")


# -- budgets ---------------------------------------------------------------------------------------------------------


def test_budget_of_a_project_stops_what_runs_in_it_alone(
    project, member, admin_user, agent, acme, scripted, work, settings
):
    settings.MAX_ANSWER_TOKENS = 100
    join(project, member, "use", admin_user)
    sharing.share(actor=admin_user, shared=agent, to=member, level="use")
    Price.objects.create(model=agent.model, input=0, output=100_000)
    values = {"name": "Moving", "scope": "project", "limit": Decimal(30), "measure": "money", "period": "month"}
    target = budgets.target_named("project", "Relocation", None)
    budget = budgets.save_budget(actor=admin_user, values=values, target=target)
    assert (budget.object_id, budget.object_name) == (project.pk, "Relocation")
    scripted.script(says("a b c"), says("a b c"))
    agents.start_run(actor=member, agent=agent, question="Outside?")
    agents.start_run(actor=member, agent=agent, question="Inside?", project=project)
    work("agents")
    assert budget.periods.get().spent == Decimal("0.3")
    Budget.objects.filter(pk=budget.pk).update(limit=Decimal("0.3"))
    with pytest.raises(BudgetSpent):
        agents.start_run(actor=member, agent=agent, question="Once more?", project=project)
    scripted.script(says("Still."))
    agents.start_run(actor=member, agent=agent, question="Outside again?")


def test_contributors_ask_for_more_of_their_projects_budget(project, member, admin_user):
    values = {"name": "Moving", "scope": "project", "limit": Decimal(1)}
    budget = budgets.save_budget(actor=admin_user, values=values, target=project)
    assert budget not in budgets.askable(member)
    join(project, member, "use", admin_user)
    assert budget in budgets.askable(member)


def test_spent_budget_of_an_agent_or_project_can_be_asked_for_where_the_page_leads(
    project, member, admin_user, agent, acme
):
    """A stopped run links to the budgets that hold for the person: the one that stopped it must stand there."""
    for name, scope, target in (("Moving", "project", project), ("Guide", "agent", agent)):
        budgets.save_budget(actor=admin_user, values={"name": name, "scope": scope, "limit": Decimal(0)}, target=target)
    page = client_for(acme, member).get("/usage/").content.decode()
    assert "Moving" not in page and "Guide" not in page.replace("Handbook guide", "")
    join(project, member, "use", admin_user)
    page = client_for(acme, member).get("/usage/").content.decode()
    for budget in Budget.objects.all():
        assert f"/usage/budgets/{budget.pk}/ask/" in page, budget


def test_budget_for_a_project_that_there_is_not(in_acme, admin_user):
    with pytest.raises(InvalidInput):
        budgets.target_named("project", "Nowhere", None)


def test_usage_is_broken_down_by_project(project, member, admin_user, agent, acme, scripted, work):
    join(project, member, "use", admin_user)
    scripted.script(says("Yes."))
    agents.start_run(actor=member, agent=agent, question="Counted?", project=project)
    work("agents")
    page = client_for(acme, admin_user).get("/usage/?by=project").content.decode()
    assert "By project" in page and "<bdi>Relocation</bdi>" in page
    lines = api_for(acme, admin_user).get("/api/v1/usage/?by=project").json()
    assert "Relocation" in str(lines)
    assert "Relocation" in client_for(acme, admin_user).get("/usage/export/?by=project").content.decode()


# -- doors -----------------------------------------------------------------------------------------------------------


def test_page_shows_what_each_may(project, member, admin_user, agent, base, acme, builder):
    join(project, member, "view", admin_user)
    shown = client_for(acme, member).get(f"/projects/{project.pk}/").content.decode()
    assert agent.name in shown and base.name in shown
    assert "agent=" not in shown and "Take out" not in shown and "Change the members" not in shown
    managed = client_for(acme, admin_user).get(f"/projects/{project.pk}/").content.decode()
    assert "Take out" in managed and f"?agent={agent.pk}&amp;project={project.pk}" in managed
    assert client_for(acme, builder).get(f"/projects/{project.pk}/").status_code == 404


def test_from_nothing_to_a_conversation_by_pages(in_acme, admin_user, agent, base, acme, work):
    site = client_for(acme, admin_user)
    assert "You are in no project" in site.get("/projects/").content.decode()
    assert site.post("/projects/new/", {"name": ""}).status_code == 422
    where = site.post("/projects/new/", {"name": "Tender", "description": "Bridge over the river"}).url
    assert site.post("/projects/new/", {"name": "Tender"}).status_code == 422
    pk = Project.objects.get().pk
    site.post(f"{where}assign/agents/", {"thing": str(agent.pk)})
    site.post(f"{where}assign/agents/", {"thing": "no"})
    assert site.post(f"{where}assign/planets/", {"thing": str(agent.pk)}).status_code == 404
    assert list(Project.objects.get().agents.all()) == [agent]
    new = site.get(f"/chat/new/?agent={agent.pk}&project={pk}").content.decode()
    assert "Tender" in new
    site.post("/chat/", {"agent": str(agent.pk), "project": str(pk), "text": "Where do we begin?"})
    work("agents")
    talk = Conversation.objects.get()
    assert talk.project_id == pk
    assert talk.title in site.get(f"/chat/?project={pk}").content.decode()
    assert talk.title in site.get(f"/runs/?project={pk}").content.decode()
    assert "Tender" in site.get(f"/runs/{talk.messages.last().run_id}/").content.decode()
    assert "Tender" in site.get("/search/?q=river").content.decode()
    site.post(f"{where}edit/", {"name": "Tender 2", "description": ""})
    site.post(f"{where}archive/")
    site.get("/projects/")  # shows the message
    assert "Tender 2" not in site.get("/projects/").content.decode()
    assert "Tender 2" in site.get("/projects/?archive=1").content.decode()
    refused = site.post(f"/chat/{talk.pk}/messages/", {"text": "And now?"})
    assert refused.status_code == 409 and "archived" in refused.content.decode()
    site.post(f"{where}archive/", {"undo": "1"})
    site.post(f"{where}release/agents/{agent.pk}/")
    assert not Project.objects.get().agents.exists()
    actions = set(AuditEvent.objects.filter(target_id=str(pk)).values_list("action", flat=True))
    assert actions >= {
        f"project.{verb}" for verb in ("added", "changed", "archived", "restored", "assigned", "released")
    }


def test_the_same_by_api(in_acme, admin_user, member, agent, base, acme):
    api = api_for(acme, admin_user)
    made = api.post("/api/v1/projects/", {"name": "Tender"}, format="json")
    assert made.status_code == 201
    at = f"/api/v1/projects/{made.json()['id']}"
    assert api.post(f"{at}/agents", {"id": str(agent.pk)}, format="json").status_code == 204
    assert api.post(f"{at}/knowledge", {"id": str(base.pk)}, format="json").status_code == 204
    assert [one["name"] for one in api.get(f"{at}/agents").json()] == [agent.name]
    given = api.post(f"{at}/grants", {"to": f"user:{member.pk}", "level": "use"}, format="json")
    assert given.status_code in (200, 201), given.content
    theirs = api_for(acme, member)
    assert [one["name"] for one in theirs.get("/api/v1/projects/").json()["results"]] == ["Tender"]
    body = {"text": "Hello?", "project": made.json()["id"]}
    answer = theirs.post(f"/api/v1/agents/{agent.pk}/chat", body, format="json")
    assert answer.status_code == 202
    assert theirs.get(f"/api/v1/runs/{answer.json()['run']}").json()["project"] == made.json()["id"]
    assert theirs.patch(at, {"is_archived": True}, format="json").status_code == 403
    assert api.patch(at, {"is_archived": True}, format="json").json()["archived_at"]
    assert api.get("/api/v1/projects/?archived=true").json()["results"][0]["name"] == "Tender"
    assert theirs.post(f"/api/v1/agents/{agent.pk}/chat", body, format="json").status_code == 409
    assert api.delete(f"{at}/agents/{agent.pk}").status_code == 204
    assert api.get(f"{at}/agents").json() == []
    told = api.patch(f"{at}/settings", {"key": "chat.answer_tokens", "value": 400}, format="json").json()
    assert {"key": "chat.answer_tokens", "value": 400, "origin": "project"} in told


def test_project_that_one_does_not_see_is_not_there(project, member, admin_user, agent, acme):
    sharing.set_open(actor=admin_user, shared=agent, is_open=True)
    site, api = client_for(acme, member), api_for(acme, member)
    for key in (project.pk, "nonsense"):
        assert site.get(f"/chat/new/?project={key}").status_code == 404
        assert site.get(f"/chat/?project={key}").status_code == 404
        sent = {"agent": str(agent.pk), "text": "Hello?", "project": str(key)}
        assert site.post("/chat/", sent).status_code == 404
    body = {"text": "Hello?", "project": str(project.pk)}
    assert api.post(f"/api/v1/agents/{agent.pk}/chat", body, format="json").status_code == 404
    assert not Conversation.objects.exists()


def test_lists_do_not_ask_for_each(in_acme, admin_user, acme):
    site = client_for(acme, admin_user)

    def queries_of(path):
        return min(
            queries_once(path) for _ in range(3)
        )  # some requests renew what is kept for a while, or note the visit

    def queries_once(path):
        with CaptureQueriesContext(connection) as seen:
            assert site.get(path).status_code == 200
        return len(seen)

    first = services.begin_project(actor=admin_user, name="Project 00")
    pages = ("/projects/", f"/projects/{first.pk}/", "/api/v1/projects/")
    few = [queries_of(path) for path in pages]
    for number in range(1, 20):
        services.begin_project(actor=admin_user, name=f"Project {number:02}")
        made = Agent.objects.create(name=f"Agent {number:02}")
        services.assign(actor=admin_user, project=first, kind=assignable("agents"), thing=made)
    assert [queries_of(path) for path in pages] == few
