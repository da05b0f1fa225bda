"""The connector of Jira against a server that speaks as Cloud and as Data Center do."""

from datetime import UTC, datetime

import pytest

from apps.agents.registry import known_tools
from apps.core.errors import InvalidInput
from apps.integrations import jira
from apps.integrations.services import connections as services
from apps.integrations.errors import CallFailed
from apps.integrations.models import Connection
from tests.integrations.jira_server import ACCOUNT, TOKEN, Jira, issue

pytestmark = pytest.mark.django_db
DAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
MOVED = datetime(2026, 3, 4, 15, 30, tzinfo=UTC)


def connected(server, actor, settings, secret=TOKEN, **values):
    settings.TOOL_PRIVATE_HOSTS = frozenset({server.host})
    auth = {"auth": "basic", "auth_name": ACCOUNT} if server.is_cloud else {"auth": "bearer"}
    about = {"kind": "jira", "name": "Team", "source_url": server.url, **auth, **values}
    return services.connect(actor=actor, values=about, secret=secret)


@pytest.fixture(params=[True, False], ids=["cloud", "data center"])
def server(request):
    issues = [issue(n, DAY, [(MOVED, "To Do", "In Progress")], sprints=[(DAY, "", "7")]) for n in range(250, 0, -1)]
    with Jira(is_cloud=request.param, issues=issues, caps=40) as running:
        yield running


@pytest.fixture
def connection(server, in_acme, admin_user, settings):
    row = connected(server, admin_user, settings)
    services.set_operations(actor=admin_user, connection=row, chosen={"find_issues": "read", "comment_issue": "write"})
    return row


def call(connection, operation, **arguments):
    return jira.call(connection.operations.get(key=operation), arguments, idempotency_key="k")


def test_it_says_which_it_is_and_offers_tools(server, connection):
    rows = {row.key: (row.method, row.path, row.risk) for row in connection.operations.all()}
    path = "/rest/api/3/search/jql" if server.is_cloud else "/rest/api/2/search"
    assert rows["find_issues"] == ("GET", path, "read") and rows["comment_issue"][2] == "write"
    tools = known_tools()
    assert tools["team_find_issues"].risk == "read" and tools["team_comment_issue"].risk == "write"
    assert "team_read_issue" not in tools


def test_pages_are_followed_to_the_end_whatever_the_server_caps(server, connection):
    page, keys, pages = "", [], 0
    while True:
        told = call(connection, "find_issues", jql="project = ABC", per_page=100, page=page)
        keys += [each["key"] for each in told["issues"]]
        page, pages = told["next"], pages + 1
        if not page:
            break
    assert keys == [f"ABC-{n}" for n in range(250, 0, -1)] and pages == 7
    assert told["total"] == (None if server.is_cloud else 250)


def test_changes_come_along_short_and_without_people(server, connection):
    told = call(connection, "find_issues", jql="project = ABC", per_page=40, with_changes=True)
    assert told["issues"][0] == {
        "key": "ABC-250",
        "summary": "Work number 250",
        "type": "Story",
        "status": "In Progress",
        "category": "indeterminate",
        "priority": "Medium",
        "created": "2026-03-02T09:00:00+00:00",
        "resolved": None,
        "changes": [
            {"at": "2026-03-02T09:00:00+00:00", "field": "sprint", "was": "", "now": "7"},
            {"at": "2026-03-04T15:30:00+00:00", "field": "status", "was": "To Do", "now": "In Progress"},
        ],
    }
    assert "Somebody" not in str(told)


def test_busy_server_is_asked_again_as_it_says(server, connection):
    server.busy = 2
    assert len(call(connection, "find_issues", jql="project = ABC")["issues"]) == 20
    server.busy = 3
    with pytest.raises(CallFailed, match="429"):
        call(connection, "find_issues", jql="project = ABC")


def test_what_jira_refuses_is_told_in_its_words(connection):
    with pytest.raises(CallFailed, match="Field 'bogus' does not exist"):
        call(connection, "find_issues", jql="bogus = 1")
    with pytest.raises(CallFailed, match="Issue does not exist"):
        call(connection, "read_issue", key="ABC-999")


def test_one_issue_and_a_comment(server, connection):
    assert call(connection, "read_issue", key="ABC-3")["description"] == "The text."
    assert call(connection, "comment_issue", key="ABC-3", text="Looked at.\nTwice.") == {"id": "10100"}
    body = server.asked[-1][2]["body"]
    assert (body["content"][1]["content"][0]["text"] if server.is_cloud else body.split("\n")[1]) == "Twice."


def test_statuses_and_sprints(server, connection):
    server.sprints[7] = {"id": 7, "name": "Sprint 7", "state": "active", "startDate": "2026-03-02T08:00:00.000Z", "endDate": "2026-03-16T08:00:00.000Z"}  # fmt: skip
    assert {"name": "Review", "category": "indeterminate"} in call(connection, "list_statuses")["statuses"]
    told = call(connection, "read_sprint", sprint=7)
    assert (told["name"], told["start"], told["complete"]) == ("Sprint 7", "2026-03-02T08:00:00+00:00", None)


def test_wrong_secret_is_told_at_once(server, in_acme, admin_user, settings):
    with pytest.raises(InvalidInput, match="401"):
        connected(server, admin_user, settings, secret="wrong")
    assert not Connection.objects.exists()


def test_what_is_no_jira_is_told(receiver, in_acme, admin_user, settings):
    settings.TOOL_PRIVATE_HOSTS = frozenset({f"127.0.0.1:{receiver.server_port}"})
    values = {"kind": "jira", "name": "No", "source_url": f"http://127.0.0.1:{receiver.server_port}", "auth": "none"}
    with pytest.raises(InvalidInput):
        services.connect(actor=admin_user, values=values)


def test_private_addresses_stay_shut(server, in_acme, admin_user, settings):
    settings.TOOL_PRIVATE_HOSTS = frozenset()
    with pytest.raises(InvalidInput):
        services.connect(actor=admin_user, values={"kind": "jira", "name": "In", "source_url": server.url, "auth": "bearer"}, secret="x")  # fmt: skip
    assert server.asked == []


def test_trial_says_whether_it_answers(server, connection, admin_user):
    assert services.try_connection(actor=admin_user, connection=connection).status == 200
    connection.set_secret("wrong")
    connection.save()
    assert "401" in services.try_connection(actor=admin_user, connection=connection).problem
