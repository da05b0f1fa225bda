"""Jira's analytics beside an independent computation over 5,000 issues, sprints by hand, and questions as JQL."""

import csv
import json
import random
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.agents.blueprints.registry import blueprint_named
from apps.agents.models import ToolGrant
from apps.agents.services import files, form_runs, studio
from apps.blueprints.jira.analytics.flow import flow_of
from apps.blueprints.jira.issues import Issue, Issues, Move
from apps.blueprints.jira.questions.wording import conditions_in, jql_of
from apps.integrations.services import connections as services
from apps.providers.models import ProviderModel
from tests.agents.test_runs import finished
from tests.integrations.jira_server import STATUSES, Jira, issue, told
from tests.integrations.test_jira import connected
from tests.standin.server import says

NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
STEPS = ("To Do", "In Progress", "Review", "Done")


def made(number, dice):
    """An issue that goes its way, back at times, and perhaps not to its end."""
    moment = created = NOW - timedelta(days=dice.uniform(1, 300))
    at, moves = 0, []
    while at < 3:
        moment += timedelta(hours=dice.expovariate(1 / 60))
        if moment >= NOW:
            break
        following = at - 1 if at and dice.random() < 0.12 else at + 1
        moves.append((moment.replace(microsecond=0), STEPS[at], STEPS[following]))
        at = following
    if at == 3 and dice.random() < 0.05 and moment + timedelta(days=2) < NOW:
        moves.append((moment.replace(microsecond=0) + timedelta(days=1), "Done", "In Progress"))
    return issue(number, created.replace(microsecond=0), moves)


@pytest.fixture(scope="module")
def many():
    dice = random.Random(7)
    return [made(number, dice) for number in range(1, 5_001)]


@pytest.fixture
def work_with(in_acme, admin_user, member, settings, work):
    """Return a function that has an agent of a blueprint work with a Jira."""

    def start(server, blueprint, agent_model=None, **values):
        connection = connected(server, admin_user, settings)
        keys = ("find_issues", "list_statuses", "read_sprint")
        services.set_operations(actor=admin_user, connection=connection, chosen=dict.fromkeys(keys, "read"))
        agent = studio.save_agent(actor=admin_user, values={"name": "Flow"}, blueprint=blueprint_named(blueprint))
        if agent_model is not None:
            agent.model = agent_model
            agent.save()
        for key in keys:
            ToolGrant.objects.create(agent=agent, tool=f"team_{key}")
        run = form_runs.start_form_run(actor=member, agent=agent, given=values)
        work("agents")
        return finished(run)

    return start


def independent(issues, first, last):
    """Compute from what Jira told, another way: days since an epoch in arrays, events sorted by time."""
    end = datetime.combine(last + timedelta(days=1), datetime.min.time(), UTC).timestamp()
    start = datetime.combine(first, datetime.min.time(), UTC).timestamp()
    lead, cycle, weeks, ages, stays = [], [], Counter(), {}, defaultdict(float)
    for each in issues:
        created = datetime.strptime(each["fields"]["created"], "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()
        events = sorted(
            (datetime.strptime(h["created"], "%Y-%m-%dT%H:%M:%S.%f%z").timestamp(), i["fromString"], i["toString"])
            for h in each["changelog"]["histories"]
            for i in h["items"]
            if i["field"] == "status"
        )
        into_work = [at for at, _was, now in events if STATUSES[now] == "indeterminate"]
        is_done = bool(events) and events[-1][2] == "Done"
        done = events[-1][0] if is_done else None
        if is_done and done >= start:
            lead.append(round((done - created) / 86_400, 2))
            cycle.append(round((done - into_work[0]) / 86_400, 2))
            weeks[
                datetime.fromtimestamp(done, UTC).date() - timedelta(days=datetime.fromtimestamp(done, UTC).weekday())
            ] += 1
            for (at, _was, now), following in zip(events, [*events[1:], None], strict=True):
                if STATUSES[now] == "indeterminate":
                    stays[now] += (following[0] - at) / 86_400
        if events and STATUSES[events[-1][2]] == "indeterminate":
            ages[each["key"]] = round((end - into_work[0]) / 86_400, 2)
    return lead, cycle, weeks, ages, stays


@pytest.mark.django_db
@pytest.mark.parametrize("is_cloud", [True, False], ids=["cloud", "data center"])
def test_5000_issues_beside_an_independent_computation(work_with, many, is_cloud):
    with Jira(is_cloud=is_cloud, issues=many) as server:
        run = work_with(server, "jira_analytics", jql="project = ABC", weeks="20")
    assert run.state == "succeeded", run.error
    flow = run.result["flow"]
    first, last = date.fromisoformat(flow["first"]), date.fromisoformat(flow["last"])
    lead, cycle, weeks, ages, stays = independent(many, first, last)
    for name, lengths in (("lead", lead), ("cycle", cycle)):
        assert flow[name]["count"] == len(lengths) > 500
        for percent in (50, 85, 95):
            wanted = np.percentile(lengths, percent, method="inverted_cdf")
            assert flow[name][f"p{percent}"]["value"] == pytest.approx(wanted, abs=0.001)
    assert {date.fromisoformat(w["monday"]): w["done"] for w in flow["weeks"] if w["done"]} == weeks
    assert flow["issues"] == 5_000 and flow["weeks"][-1]["all_created"] == 5_000
    assert flow["working"] == len(ages)
    assert {a["key"]: a["days"]["value"] for a in flow["ageing"]} == {
        key: ages[key] for key in sorted(ages, key=lambda key: (-ages[key], key))[:30]
    }
    assert {s["status"]: s["days"]["value"] for s in flow["stays"]} == pytest.approx(stays, abs=0.02)
    assert "Cumulative flow" in run.answer and "```chart" in run.answer


def an_issue(key, created, *moves, sprints=()):
    status = moves[-1][2] if moves else "To Do"
    steps = [Move(at=at, was=was, now=now) for at, was, now in moves]
    return Issue(key=key, summary=key, type="Story", status=status, priority="", created=created, moves=steps, sprints=list(sprints))  # fmt: skip


def day(number, hour=0):
    return datetime(2026, 3, number, hour, tzinfo=UTC)


def test_by_hand():
    straight = an_issue("A-1", day(2), (day(3), "To Do", "In Progress"), (day(5, 12), "In Progress", "Done"))
    reopened = an_issue(
        "A-2", day(2), (day(3), "To Do", "Done"), (day(4), "Done", "In Progress"), (day(9), "In Progress", "Done")
    )
    skipped = an_issue("A-3", day(2), (day(4), "To Do", "Done"))
    open_one = an_issue("A-4", day(2), (day(6), "To Do", "Review"))
    renamed = an_issue("A-5", day(2), (day(8), "To Do", "Gone status"))
    found = Issues(site="x", jql="q", issues=[straight, reopened, skipped, open_one, renamed], is_cut=False)
    flow = flow_of(found, STATUSES, date(2026, 3, 2), date(2026, 3, 15))
    assert (flow.lead.count, flow.lead.p50.value, flow.lead.p95.value) == (3, 3.5, 7.0)
    assert (flow.cycle.count, flow.cycle.p50.value, flow.cycle.p95.value, flow.cycle.p85.how) == (2, 2.5, 5.0, "2 / 2")
    assert [(w.monday.day, w.created, w.done, w.all_done) for w in flow.weeks] == [(2, 5, 2, 2), (9, 0, 1, 3)]
    assert [(s.status, s.days.value, s.share.value) for s in flow.stays] == [("In Progress", 7.5, 100.0)]
    assert [(a.key, a.days.value) for a in flow.ageing] == [("A-4", 10.0), ("A-5", 8.0)]  # until the end of the 15th


@pytest.mark.parametrize("first", [date(2026, 3, 9), date(2026, 3, 11), date(2026, 3, 15)])
def test_every_figure_counts_the_same_days(first):
    done = [an_issue(f"A-{n}", day(1), (day(n), "To Do", "Done")) for n in (8, 9, 10, 11, 14)]
    found = Issues(site="x", jql="q", issues=done, is_cut=False)
    flow = flow_of(found, STATUSES, first, date(2026, 3, 20))
    assert flow.first == date(2026, 3, 9) and flow.lead.count == sum(week.done for week in flow.weeks) == 4


@pytest.mark.django_db
def test_sprint_by_hand(work_with):
    start, end = NOW - timedelta(days=10), NOW - timedelta(days=1)
    during, before = NOW - timedelta(days=5), NOW - timedelta(days=20)
    issues = [
        issue(1, before, [(during, "To Do", "Done")], sprints=[(before + timedelta(days=1), "", "7")]),
        issue(2, before, [], sprints=[(before + timedelta(days=1), "", "6, 7")]),
        issue(3, before, [(during, "To Do", "In Progress")], sprints=[(during, "", "7")]),
        issue(4, before, [], sprints=[(before + timedelta(days=1), "", "7"), (during, "7", "8")]),
        issue(
            5, before, [(NOW - timedelta(hours=2), "To Do", "Done")], sprints=[(before + timedelta(days=1), "", "7")]
        ),
        issue(6, during, []),
    ]
    with Jira(is_cloud=True, issues=issues) as server:
        server.sprints[7] = {"id": 7, "name": "Seven", "state": "closed", "startDate": told(start), "endDate": told(NOW), "completeDate": told(end)}  # fmt: skip
        run = work_with(server, "jira_analytics", jql="project = ABC", sprint="7")
        assert [body["jql"] for _method, path, body in server.asked if path.endswith("/search/jql")] == ["sprint = 7"]
    sprint = run.result["flow"]["sprint"]
    assert {name: sprint[name] for name in ("planned", "added", "removed", "done", "left")} == {
        "planned": ["ABC-1", "ABC-2", "ABC-4", "ABC-5"],
        "added": ["ABC-3", "ABC-6"],
        "removed": ["ABC-4"],
        "done": ["ABC-1"],
        "left": ["ABC-2", "ABC-3", "ABC-5", "ABC-6"],
    }


@pytest.mark.django_db
def test_more_issues_than_are_looked_at_are_told(work_with, many, monkeypatch):
    monkeypatch.setattr("apps.blueprints.jira.issues.MOST_ISSUES", 300)
    with Jira(is_cloud=False, issues=many) as server:
        run = work_with(server, "jira_analytics", jql="project = ABC")
        searches = [path for _method, path, _body in server.asked if path.endswith("/search")]
    assert run.result["flow"]["is_cut"] and len(searches) == 3 and "There are more" in run.answer


@pytest.mark.django_db
def test_a_model_that_invents_figures_is_not_shown(scripted, work_with, many):
    scripted.script(says(json.dumps({"sentences": ["Cycle time fell by 73.21 per cent."]})))
    model = ProviderModel.objects.get(name="scripted")
    with Jira(is_cloud=True, issues=many[:50]) as server:
        run = work_with(server, "jira_analytics", agent_model=model, jql="project = ABC")
    assert run.state == "succeeded", run.error
    assert run.result["summary"] is None and "73.21" not in run.answer


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("jql", "reason"), [("bogus = 1", "Field 'bogus' does not exist"), ("project = ABC", "found no issue")]
)
def test_what_fails_is_told(work_with, jql, reason):
    with Jira(is_cloud=True) as server:
        run = work_with(server, "jira_analytics", jql=jql)
    assert run.state == "failed" and reason in run.error


@pytest.mark.django_db
def test_agent_without_a_jira_says_so(in_acme, admin_user, member, work):
    agent = studio.save_agent(actor=admin_user, values={"name": "Flow"}, blueprint=blueprint_named("jira_analytics"))
    run = form_runs.start_form_run(actor=member, agent=agent, given={"jql": "project = ABC"})
    work("agents")
    assert "has no Jira" in finished(run).error


@pytest.mark.django_db
def test_table_of_changes_instead_of_a_jira(in_acme, admin_user, member, work):
    blueprint = blueprint_named("jira_analytics")
    agent = studio.save_agent(actor=admin_user, values={"name": "Flow"}, blueprint=blueprint)
    values = files.sample_values(actor=member, blueprint=blueprint)
    run = form_runs.start_form_run(actor=member, agent=agent, given=values)
    work("agents")
    run = finished(run)
    assert run.state == "succeeded", run.error
    rows = list(csv.DictReader((blueprint.folder / "samples" / "changes.csv").open(encoding="utf-8")))
    last = {row["key"]: row for row in rows}
    assert run.result["flow"]["issues"] == len(last) == 60
    assert "**Table**: changes.csv" in run.answer and "JQL" not in run.answer
    assert run.result["flow"]["weeks"][-1]["all_done"] == sum(row["to"] == "Done" for row in last.values())
    assert run.result["flow"]["working"] == sum(row["to"] in ("In Progress", "Review") for row in last.values())


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "reason"),
    [("key,created\nA-1,2026-01-01\n", "no column for: changed, from, to"), ("key,created,changed,from,to\nA-1,soon,,,To Do\n", "Row 2: “soon”")],
)  # fmt: skip
def test_bad_tables_are_told(in_acme, admin_user, member, work, text, reason):
    agent = studio.save_agent(actor=admin_user, values={"name": "Flow"}, blueprint=blueprint_named("jira_analytics"))
    kept = files.keep_file(actor=member, upload=SimpleUploadedFile("changes.csv", text.encode()))
    run = form_runs.start_form_run(actor=member, agent=agent, given={"table": str(kept.pk)})
    work("agents")
    assert reason in finished(run).error


# -- questions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "jql"),
    [
        ("open bugs in ABC by priority", "project = ABC AND issuetype in (Bug) AND statusCategory != Done ORDER BY priority DESC, created ASC"),
        ("Bugs in project ABC created in the last 2 weeks", "project = ABC AND issuetype in (Bug) AND created >= -2w ORDER BY created DESC"),
        ("What was resolved this week in ABC?", "project = ABC AND resolved >= startOfWeek() ORDER BY created DESC"),
        ("Welche Fehler in ABC sind offen und dringend?", "project = ABC AND issuetype in (Bug) AND statusCategory != Done AND priority in (Highest, High) ORDER BY created DESC"),
        ("Aufgaben in ABC, die in den letzten 3 Tagen erstellt wurden", "project = ABC AND issuetype in (Task) AND created >= -3d ORDER BY created DESC"),
        ("overdue stories in the current sprint", "issuetype in (Story) AND due < now() AND statusCategory != Done AND sprint in openSprints() ORDER BY created DESC"),
        ("unassigned issues about “log in”", 'assignee is EMPTY AND text ~ "log in" ORDER BY created DESC'),
        ("bugs opened in the past two weeks", "issuetype in (Bug) AND created >= -2w ORDER BY created DESC"),
        ("in den letzten drei Tagen erstellte Fehler", "issuetype in (Bug) AND created >= -3d ORDER BY created DESC"),
        ("What about ABC-12 and ABC-13?", "key in (ABC-12, ABC-13) ORDER BY created DESC"),
        ("oldest tasks in progress in OPS", "project = OPS AND issuetype in (Task) AND statusCategory = \"In Progress\" ORDER BY created ASC"),
        ("created in the last month in ABC", "project = ABC AND created >= -30d ORDER BY created DESC"),
    ],
)  # fmt: skip
def test_questions_as_jql(question, jql):
    assert jql_of(question, conditions_in(question)) == jql


def test_quotes_stay_inside_their_string():
    jql = jql_of("x", conditions_in('issues about „a" OR project = SECRET“'))
    assert jql.count('"') == 2 or '\\"' in jql


@pytest.mark.django_db
def test_question_is_answered_with_its_query(work_with, many):
    with Jira(is_cloud=True, issues=many) as server:
        run = work_with(server, "jira_questions", question="open stories in ABC")
        searched = [body["jql"] for _method, path, body in server.asked if path.endswith("/search/jql")]
    assert run.state == "succeeded", run.error
    assert searched == ["project = ABC AND issuetype in (Story) AND statusCategory != Done ORDER BY created DESC"] * 2
    assert len(run.result["issues"]) == 200 and run.result["is_cut"] and "statusCategory != Done" in run.answer


@pytest.mark.django_db
def test_without_a_jira_the_query_stands_alone(in_acme, admin_user, member, work):
    agent = studio.save_agent(actor=admin_user, values={"name": "Ask"}, blueprint=blueprint_named("jira_questions"))
    run = form_runs.start_form_run(actor=member, agent=agent, given={"question": "open bugs in ABC"})
    work("agents")
    answer = finished(run).answer
    assert "project = ABC AND issuetype in (Bug)" in answer and "this agent has no Jira" in answer


@pytest.mark.django_db
def test_query_that_was_changed_is_taken_as_it_is(work_with, many):
    with Jira(is_cloud=False, issues=many[:3]) as server:
        run = work_with(server, "jira_questions", question="open stories", jql="project = XYZ ORDER BY rank")
    assert (run.result["query"]["jql"], run.result["query"]["by"]) == ("project = XYZ ORDER BY rank", "person")
    assert [each["key"] for each in run.result["issues"]] == ["ABC-1", "ABC-2", "ABC-3"]


@pytest.mark.django_db
def test_model_writes_the_query(scripted, work_with, many):
    scripted.script(says(json.dumps({"jql": "project = ABC AND labels = slow ORDER BY created", "why": "Slow ones."})))
    model = ProviderModel.objects.get(name="scripted")
    with Jira(is_cloud=True, issues=many[:3]) as server:
        run = work_with(server, "jira_questions", agent_model=model, question="which are slow?")
    assert run.result["query"]["by"] == "model" and "labels = slow" in run.answer


@pytest.mark.django_db
def test_question_without_anything_to_go_by_says_so(work_with):
    with Jira(is_cloud=True) as server:
        run = work_with(server, "jira_questions", question="How are you?")
    assert run.state == "failed" and "write the JQL yourself" in run.error
