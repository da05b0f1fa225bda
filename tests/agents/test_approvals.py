"""Tool calls that wait for people: asked when due, decided by the right ones, bound to the exact arguments, used once."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from apps.accounts.services import groups
from apps.accounts.services.members import create_user
from apps.agents import consent, registry
from apps.agents.models import Approval, Run, StandingConsent, ToolGrant
from apps.agents.services import approvals
from apps.agents.services import runs as services
from apps.agents.tools.base import Tool, ToolResult
from apps.audit.models import AuditEvent
from apps.core.errors import Conflict, Forbidden, InvalidInput
from apps.core.tenancy import public_context
from apps.jobs.models import Job
from apps.providers.types import ToolSpec
from tests.standin.server import calls, says

SCHEMA = {
    "type": "object",
    "properties": {"to": {"type": "string", "maxLength": 100}, "amount": {"type": "number"}},
    "required": ["to"],
    "additionalProperties": False,
}
PAY = calls("pay", {"to": "Nordlicht GmbH", "amount": 900})


@pytest.fixture
def paid(monkeypatch):
    """What a tool that sends money was called with."""
    done = []

    def call(context, arguments):
        done.append(arguments)
        return ToolResult({"ok": True})

    tool = Tool(ToolSpec("pay", "Pay.", SCHEMA), call, title="Payments", risk="send", is_repeatable=False)
    monkeypatch.setitem(registry._tools, "pay", tool)
    return done


@pytest.fixture
def grant(agent, paid):
    return ToolGrant.objects.create(agent=agent, tool="pay")


@pytest.fixture
def team(member):
    """Two who decide, and the role that they have."""
    people = [
        create_user(email=f"{n}@acme.example", name=n, password="correct horse 1", role="builder")
        for n in ("ada", "bo")
    ]
    return groups.save_group(
        actor=create_user(email="o@acme.example", name="O", password="correct horse 1", role="owner"),
        name="Treasury",
        members=[*people, member],
    ), people


@pytest.fixture
def asked(member, agent, grant, scripted, work_on):
    """Have the agent want to pay; return its run and the approval."""

    def ask(*script, question="Pay it.", holds=()):
        scripted.script(*(script or (PAY, says("Paid."))))
        run = services.start_run(actor=member, agent=agent, question=question, holds=holds)
        work_on()
        run.refresh_from_db()
        return run, Approval.objects.filter(run=run).first()

    return ask


def told(scripted):
    return scripted.requests[-1]["messages"][-1]["content"]


def end(run, work_on):
    work_on()
    run.refresh_from_db()
    return run.state


def test_run_waits_and_holds_no_worker(asked, paid, member):
    run, approval = asked()
    assert (run.state, approval.state, approval.why, approval.arguments) == (
        "waiting",
        "pending",
        "risk",
        {"to": "Nordlicht GmbH", "amount": 900},
    )
    assert paid == []
    with public_context():
        assert Job.objects.get(object_id=run.pk).state == "waiting"
    sent = mail.outbox[0]
    assert (sent.to, f"/approvals/{approval.pk}/" in sent.body, "Nordlicht" in sent.body) == (
        [member.email],
        True,
        False,
    )


def test_approved_call_is_made_once(asked, paid, member, work_on, scripted):
    run, approval = asked()
    approvals.approve(actor=member, approval=approval, digest=approval.digest)
    assert end(run, work_on) == "succeeded"
    approval.refresh_from_db()
    assert (paid, approval.state, approval.used_at is not None) == (
        [{"to": "Nordlicht GmbH", "amount": 900}],
        "approved",
        True,
    )
    assert list(run.events.values_list("kind", flat=True)) == ["model", "intent", "tool", "model"]
    assert set(AuditEvent.objects.filter(action__startswith="approval.").values_list("action", flat=True)) == {
        "approval.asked",
        "approval.given",
    }


def test_declined_call_is_told_with_its_reason(asked, paid, member, work_on, scripted):
    run, approval = asked(PAY, says("I left it."))
    approvals.decline(actor=member, approval=approval, reason="Wrong  account\n")
    assert end(run, work_on) == "succeeded"
    assert ("declined" in told(scripted), "Wrong account" in told(scripted), paid) == (True, True, [])


def test_edited_arguments_are_the_ones_used(asked, paid, member, work_on, scripted):
    run, approval = asked()
    seen = approval.digest
    changed = approvals.edit(actor=member, approval=approval, arguments={"to": "Nordlicht AG", "amount": 90})
    with pytest.raises(Conflict):
        approvals.approve(actor=member, approval=approval, digest=seen)
    approvals.approve(actor=member, approval=approval, digest=changed.digest)
    end(run, work_on)
    assert paid == [{"to": "Nordlicht AG", "amount": 90}]
    assert "Nordlicht AG" in told(scripted) and "Nordlicht AG" in run.events.get(kind="tool").payload["arguments"]
    assert changed.proposed == {"to": "Nordlicht GmbH", "amount": 900}


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"to": 5},
        {"to": "x", "more": 1},
        {"to": "x" * 101},
        {"to": "a\0"},
        {"to": "\ud800"},
        {"to": "x", "amount": float("inf")},
    ],
)
def test_edit_that_the_tool_does_not_take_is_refused(asked, member, arguments):
    _run, approval = asked()
    with pytest.raises(InvalidInput):
        approvals.edit(actor=member, approval=approval, arguments=arguments)


def test_arguments_changed_behind_the_back_are_not_used(asked, paid, member, work_on, scripted):
    run, approval = asked()
    approvals.approve(actor=member, approval=approval, digest=approval.digest)
    Approval.objects.filter(pk=approval.pk).update(arguments={"to": "Evil"})
    end(run, work_on)
    assert (paid, "not what would be done" in told(scripted)) == ([], True)


def test_nobody_decides_in_time(asked, paid, member, work_on, scripted):
    run, approval = asked(PAY, says("Too late."))
    Approval.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(Conflict):
        approvals.approve(actor=member, approval=approval, digest=approval.digest)
    with public_context():
        Job.objects.update(wake_at=timezone.now() - timedelta(seconds=1))
    assert end(run, work_on) == "succeeded"
    approval.refresh_from_db()
    assert (approval.state, paid, "Nobody decided" in told(scripted)) == ("expired", [], True)


def test_decision_is_made_once(asked, member, work_on):
    _run, approval = asked()
    approvals.decline(actor=member, approval=approval)
    with pytest.raises(Conflict):
        approvals.approve(actor=member, approval=approval, digest=approval.digest)


def test_stopped_run_needs_no_decision_any_more(asked, member, work_on, paid):
    run, approval = asked()
    services.cancel_run(actor=member, run=run)
    assert end(run, work_on) == "cancelled"
    approval.refresh_from_db()
    assert (approval.state, paid) == ("cancelled", [])


def test_others_do_not_decide(asked, admin_user):
    _run, approval = asked()
    for act in (
        lambda: approvals.approve(actor=admin_user, approval=approval, digest=approval.digest),
        lambda: approvals.decline(actor=admin_user, approval=approval),
        lambda: approvals.edit(actor=admin_user, approval=approval, arguments={"to": "x"}),
    ):
        with pytest.raises(Forbidden):
            act()


def test_tool_that_was_taken_away_meanwhile_is_not_used(asked, grant, paid, member, work_on, scripted):
    run, approval = asked()
    approvals.approve(actor=member, approval=approval, digest=approval.digest)
    grant.delete()
    end(run, work_on)
    assert (paid, "no tool named pay" in told(scripted)) == ([], True)


# -- named people ----------------------------------------------------------------------------------------------------


def test_named_group_decides_without_who_asked(asked, grant, team, paid, member, work_on):
    group, (ada, bo) = team
    ToolGrant.objects.filter(pk=grant.pk).update(approvers=group)
    run, approval = asked()
    assert sorted(sent.to[0] for sent in mail.outbox if "Payments" in sent.subject) == [
        "ada@acme.example",
        "bo@acme.example",
    ]
    with pytest.raises(Forbidden):
        approvals.approve(actor=member, approval=approval, digest=approval.digest)
    assert [list(Approval.objects.for_decision_by(each)) for each in (member, ada, bo)] == [[], [approval], [approval]]
    approvals.approve(actor=ada, approval=approval, digest=approval.digest)
    assert end(run, work_on) == "succeeded"
    assert len(paid) == 1


@pytest.mark.parametrize(("amount", "needed"), [(500, 1), (500.01, 2), (-600, 2), (None, 2)])
def test_second_person_above_the_amount(grant, team, amount, needed):
    grant.second_field, grant.second_above = "amount", 500
    assert consent.people_needed(grant, {"to": "x"} | ({} if amount is None else {"amount": amount})) == needed


def test_two_different_people_for_the_same_arguments(asked, grant, team, paid, work_on):
    group, (ada, bo) = team
    ToolGrant.objects.filter(pk=grant.pk).update(approvers=group, second_field="amount", second_above=500)
    run, approval = asked()
    for _ in range(2):
        approvals.approve(actor=ada, approval=approval, digest=approval.digest)
    assert (end(run, work_on), paid) == ("waiting", [])
    changed = approvals.edit(actor=bo, approval=approval, arguments={"to": "Nordlicht GmbH", "amount": 901})
    approvals.approve(actor=bo, approval=approval, digest=changed.digest)
    assert end(run, work_on) == "waiting"
    approvals.approve(actor=ada, approval=approval, digest=changed.digest)
    assert (end(run, work_on), paid) == ("succeeded", [{"to": "Nordlicht GmbH", "amount": 901}])


# -- when people are asked -------------------------------------------------------------------------------------------


def test_standing_consent_spares_the_question(asked, paid, member, work_on, agent):
    run, approval = asked()
    approvals.approve(actor=member, approval=approval, digest=approval.digest, remember=True)
    end(run, work_on)
    again, none = asked()
    assert (again.state, none, len(paid)) == ("succeeded", None, 2)
    approvals.revoke_consent(actor=member, standing=StandingConsent.objects.get())
    third, approval = asked()
    assert (third.state, approval.state, len(paid)) == ("waiting", "pending", 2)


def test_standing_consent_is_ones_own_and_runs_out(asked, member, admin_user, agent, paid):
    StandingConsent.objects.create(
        person=admin_user, agent=agent, tool="pay", expires_at=timezone.now() + timedelta(days=1)
    )
    StandingConsent.objects.create(
        person=member, agent=agent, tool="pay", expires_at=timezone.now() - timedelta(days=1)
    )
    run, _approval = asked()
    assert (run.state, paid) == ("waiting", [])
    with pytest.raises(Forbidden):
        approvals.revoke_consent(actor=member, standing=StandingConsent.objects.get(person=admin_user))


@pytest.mark.parametrize(("kind", "holds"), [("by_risk", ["private", "untrusted"]), ("when_mixed", ["untrusted"])])
def test_run_that_read_text_of_others_asks_whatever_was_agreed(asked, grant, paid, member, agent, kind, holds):
    ToolGrant.objects.filter(pk=grant.pk).update(consent=kind)
    StandingConsent.objects.create(
        person=member, agent=agent, tool="pay", expires_at=timezone.now() + timedelta(days=1)
    )
    run, approval = asked(holds=holds)
    assert (run.state, approval.why, paid) == ("waiting", "mixed", [])
    with pytest.raises(InvalidInput):
        approvals.approve(actor=member, approval=approval, digest=approval.digest, remember=True)


def test_search_makes_a_run_mixed(asked, grant, paid):
    ToolGrant.objects.filter(pk=grant.pk).update(consent="when_mixed")
    run, none = asked()
    assert (run.state, none, len(paid)) == ("succeeded", None, 1)
    run, approval = asked(calls("search_knowledge", {"query": "account"}), PAY, says("Paid."))
    assert (run.state, approval.why, len(paid)) == ("waiting", "mixed", 1)


def test_page_is_read_freely_until_the_run_is_mixed(agent, asked, settings):
    ToolGrant.objects.create(agent=agent, tool="read_web_page", hosts=["example.com"])
    held = {each.key: each for each in registry.tools_of(agent)}["read_web_page"]
    mixed, clean = Run(agent=agent, holds=["private", "untrusted"]), Run(agent=agent, holds=["untrusted"])
    evil, known = {"url": "https://evil.example/?q=secret"}, {"url": "https://docs.example.com/"}
    assert [
        consent.reason_to_ask(held, arguments, run=run) for run in (clean, mixed) for arguments in (evil, known)
    ] == [None, None, "mixed", None]


def test_answers_of_mixed_runs_mix_the_next_run(member, agent, base, scripted, work_on, grant, paid):
    from apps.conversations import services as conversations
    from apps.conversations.models import Message

    ToolGrant.objects.filter(pk=grant.pk).update(consent="when_mixed")
    scripted.script(
        calls("search_knowledge", {"query": "account"}), says("Pay Evil Ltd."), calls("pay", {"to": "Evil"})
    )
    first = conversations.start_conversation(actor=member, agent=agent, text="What does it say?")
    work_on()
    second = conversations.send_message(actor=member, conversation=first.conversation, text="Do that.")
    work_on()
    run = Message.objects.get(pk=second.pk).run
    assert (run.state, run.holds, paid) == ("waiting", ["private", "untrusted"], [])


def test_digest_is_of_the_exact_arguments():
    assert consent.digest_of("pay", {"a": 1, "b": 2}) == consent.digest_of("pay", {"b": 2, "a": 1})
    assert (
        len(
            {
                consent.digest_of(tool, arguments)
                for tool in ("pay", "send")
                for arguments in ({"a": 1}, {"a": 1.5}, {"a": "1"})
            }
        )
        == 6
    )


def test_card_shows_every_argument_with_what_was_proposed(asked, member, grant):
    from apps.agents.rendering import card_of

    _run, approval = asked()
    approval.proposed = {"to": "A", "body": {"title": "x", "tags": ["a"]}, "gone": 1}
    approval.arguments = {"to": "B", "body": {"title": "x", "tags": []}}
    assert card_of(approval, member).lines == [
        ("to", "B", "A"),
        ("body.title", "x", ""),
        ("body.tags", "[]", '[\n  "a"\n]'),
        ("gone", "", "1"),
    ]


def test_what_a_colleague_asks_is_shown_where_the_person_is(asked, agent, grant, member, paid, scripted, work_on):
    from apps.agents.models import Agent
    from apps.agents.rendering import cards_of

    other = Agent.objects.create(name="Payer", model=agent.model)
    ToolGrant.objects.create(agent=other, tool="pay")
    ToolGrant.objects.create(agent=agent, tool="ask_agent").colleagues.add(other)
    run, none = asked(
        calls("ask_agent", {"agent": "Payer", "question": "Pay."}), PAY, says("Paid."), says("It is paid.")
    )
    card = cards_of(run, member)[0]
    assert (run.state, none, card.agent, card.may_decide) == ("waiting", None, other, True)
    approvals.approve(actor=member, approval=card.approval, digest=card.approval.digest)
    assert (end(run, work_on), run.answer, len(paid)) == ("succeeded", "It is paid.", 1)


@pytest.mark.parametrize("arguments", ['{"to": "a\\u0000b"}', '{"to": "x", "amount": 1e400}', '{"to": "\\ud800"}'])
def test_arguments_that_cannot_be_stored_are_told_to_the_model(asked, paid, scripted, arguments):
    run, approval = asked(calls("pay", arguments), says("I cannot."))
    assert (run.state, approval, paid, "error" in told(scripted)) == ("succeeded", None, [], True)


@pytest.mark.parametrize(("risk", "state"), [("read", "succeeded"), ("send", "needs_review")])
def test_tool_that_breaks_down(asked, grant, monkeypatch, scripted, risk, state):
    def breaks(context, arguments):
        raise KeyError("x")

    tool = Tool(ToolSpec("pay", "Pay.", SCHEMA), breaks, title="Payments", risk=risk, is_repeatable=False)
    monkeypatch.setitem(registry._tools, "pay", tool)
    ToolGrant.objects.filter(pk=grant.pk).update(consent="when_mixed")
    run, _none = asked(PAY, says("It broke."))
    assert (run.state, run.events.filter(kind="tool").exists()) == (state, risk == "read")


def test_keys_read_approvals_and_decide_none(asked, member, acme):
    from rest_framework.test import APIClient

    from apps.accounts.services import keys

    _run, approval = asked()
    key = keys.make_key(actor=member, name="Bot", scopes=["agents:read", "agents:write"])
    client = APIClient(HTTP_HOST="acme.localhost", HTTP_AUTHORIZATION=f"Bearer {key.text}")
    address = f"/api/v1/approvals/{approval.pk}"
    assert client.get(address).json()["arguments"] == approval.arguments
    sent = {"digest": approval.digest}
    assert [client.post(f"{address}/{verb}", sent, format="json").status_code for verb in ("approve", "decline")] == [
        403,
        403,
    ]
    approval.refresh_from_db()
    assert approval.state == "pending"


def test_backslashes_are_no_nul():
    from apps.core.models import is_storable

    assert [is_storable(text) for text in ("\\u0000", "a\0", "\\\0", "\ud800", float("nan"), {"a": [1.5, None]})] == [
        *(True, False, False, False, False, True)
    ]
