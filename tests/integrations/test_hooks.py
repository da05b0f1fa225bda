"""What Jira, GitHub and GitLab tell, as their webhooks send it, and what starts with it."""

import hashlib
import hmac
import json

import pytest

from apps.core.errors import InvalidInput
from apps.integrations.models import Connection, Hook
from apps.integrations.services import hooks
from apps.workflows.models import Automation, Occurrence
from apps.workflows.services import automations
from tests.conftest import client_for
from tests.standin.server import says

pytestmark = pytest.mark.django_db
ISSUE = {
    "timestamp": 1_764_400_000_000,
    "webhookEvent": "jira:issue_updated",
    "user": {"displayName": "Ada"},
    "issue": {"key": "OPS-7", "fields": {"summary": "Printer is on fire", "status": {"name": "Done"}}},
    "changelog": {"items": [{"field": "status", "fromString": "Open", "toString": "Done"}]},
}
GITHUB = {
    "ref": "refs/heads/main",
    "repository": {"full_name": "acme/handbook"},
    "pusher": {"name": "ada"},
    "commits": [{"message": "Fix the door\n\nIt was open."}, {"message": "Paint it"}],
}
GITLAB = {
    "object_kind": "push",
    "ref": "refs/heads/main",
    "after": "da15",
    "user_name": "Ada",
    "project": {"path_with_namespace": "acme/handbook"},
    "commits": [{"message": "Fix the door"}],
}


@pytest.fixture
def heard(in_acme, acme, admin_user):
    """Return what opens the hook of a new connection of a kind: its row, its secret, and what posts to it as the service would."""
    return lambda kind: _opened(acme, admin_user, kind)


def _opened(acme, admin_user, kind):
    row = Connection.objects.create(kind=kind, name=kind, slug=kind, base_url="http://127.0.0.1:9")
    hook, secret = hooks.open_hook(actor=admin_user, connection=row)
    client = client_for(acme)

    def post(message, query="", **headers):
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        headers = {name: value(body) if callable(value) else value for name, value in headers.items()}
        sent = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        return client.post(f"/api/v1/hooks/{hook.pk}{query}", body, content_type="application/json", **sent)

    return row, secret, post


def signed(secret):
    return lambda body: "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def waits(person, agent, event, **values):
    about = {"name": event, "agent": agent, "kind": "event", "event": event, "to_conversation": False}
    return automations.save_automation(actor=person, values=about | values)[0]


def test_changed_issue_starts_an_automation_once(heard, agent, member, scripted, work_on):
    row, secret, post = heard("jira")
    question = {"question": "{{ issue }}: {{ summary }} is {{ status }} ({{ change }}, {{ by }})"}
    automation = waits(member, agent, "issue.changed", values=question, connection=row)
    again = {"x_atlassian_webhook_identifier": "abc", "x_hub_signature": signed(secret)}
    assert [post(ISSUE, **again).status_code for _ in range(2)] == [202, 202]
    scripted.script(says("Noted."))
    work_on()
    run = automation.occurrences.get().run
    assert run.question == "OPS-7: Printer is on fire is Done (status: Open → Done, Ada)"
    assert run.holds == ["untrusted"]
    assert Hook.objects.get().heard_at is not None


@pytest.mark.parametrize(("kind", "message"), [("github", GITHUB), ("gitlab", GITLAB)])
def test_push_starts_an_automation(heard, agent, member, kind, message):
    row, secret, post = heard(kind)
    waits(member, agent, "code.pushed", values={"question": "{{ repository }} {{ branch }} {{ commits }}"})
    known = {"x_hub_signature_256": signed(secret)} if kind == "github" else {"x_gitlab_token": secret}
    assert post(message, **known).status_code == 202
    brought = Occurrence.objects.get().brought
    assert brought["repository"] == "acme/handbook" and brought["branch"] == "main"
    assert brought["commits"].startswith("Fix the door") and "It was open" not in brought["commits"]
    assert post(message | {"ref": "refs/tags/v1"}, **known).status_code == 204
    assert post(message | {"deleted": True, "after": "0" * 40}, **known).status_code == 204


def test_data_center_sends_the_secret_along(heard, agent, member):
    row, secret, post = heard("jira")
    waits(member, agent, "issue.changed", values={"question": "{{ issue }}"})
    assert post(ISSUE, query=f"?secret={secret}").status_code == 202
    assert post(ISSUE, query="?secret=other").status_code == 403
    assert Occurrence.objects.count() == 1


@pytest.mark.parametrize("kind", ["jira", "github", "gitlab"])
def test_what_does_not_know_the_secret_is_refused(heard, agent, member, kind):
    row, secret, post = heard(kind)
    waits(member, agent, "issue.changed", values={"question": "{{ issue }}"})
    waits(member, agent, "code.pushed", values={"question": "{{ branch }}"}, name="b")
    for headers in (
        {},
        {"x_hub_signature": signed("other"), "x_hub_signature_256": signed("other"), "x_gitlab_token": "other"},
        {"x_hub_signature": "sha256=", "x_hub_signature_256": "é", "x_gitlab_token": "é"},
    ):
        assert post(ISSUE, **headers).status_code == 403
    assert not Occurrence.objects.exists() and Hook.objects.get().refused_at is not None
    if kind == "github":  # where a signature is due, the secret in the address opens nothing
        assert post(GITHUB, query=f"?secret={secret}").status_code == 403


def test_what_nobody_waits_for_or_can_be_read_changes_nothing(heard):
    row, secret, post = heard("jira")
    sign = {"x_hub_signature": signed(secret)}
    assert post({"webhookEvent": "sprint_started"}, **sign).status_code == 204
    for body in (b"[]", b"{", b"\xff"):
        assert post(body, **sign).status_code == 422
    odd = {"webhookEvent": ["jira:issue_updated"], "issue": [], "changelog": {"items": [3]}}
    assert post(odd, **sign).status_code == 204
    assert post(ISSUE | {"filler": "x" * (1 << 20)}, **sign).status_code == 413


def test_closed_hook_and_switched_off_connection_are_not_there(heard, admin_user):
    row, secret, post = heard("jira")
    Connection.objects.update(is_active=False)
    assert post(ISSUE, query=f"?secret={secret}").status_code == 404
    Connection.objects.update(is_active=True)
    hooks.close_hook(actor=admin_user, connection=row)
    assert post(ISSUE, query=f"?secret={secret}").status_code == 404


def test_only_for_whom_agents_call_the_service(heard, agent, member, admin_user):
    row, secret, post = heard("jira")
    automation = waits(member, agent, "issue.changed", values={"question": "{{ issue }}"}, connection=row)
    row.audience = admin_user.groups.get()
    row.save()
    assert post(ISSUE, query=f"?secret={secret}").status_code == 202
    assert not automation.occurrences.exists()
    with pytest.raises(InvalidInput) as refused:
        waits(member, agent, "issue.changed", values={"question": "{{ issue }}"}, connection=row, name="again")
    assert refused.value.field == "connection"
    assert Automation.objects.count() == 1


def test_service_that_tells_nothing_gets_no_address(in_acme, admin_user):
    row = Connection.objects.create(kind="mcp", name="m", slug="m", base_url="http://127.0.0.1:9")
    with pytest.raises(InvalidInput):
        hooks.open_hook(actor=admin_user, connection=row)
