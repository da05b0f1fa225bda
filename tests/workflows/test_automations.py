"""Agents that are asked by themselves: once for each time, in the owner's name, with the result where it is wanted."""

from datetime import timedelta

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from apps.accounts.services import members
from apps.agents.models import Agent, Run
from apps.agents.services import behaviour
from apps.audit.models import AuditEvent
from apps.conversations.models import Conversation
from apps.core.errors import Conflict, Forbidden, InvalidInput
from apps.core.tenancy import public_context, tenant_context
from apps.jobs.models import Job
from apps.knowledge import services as knowledge
from apps.projects import services as projects
from apps.prompts.services import library
from apps.workflows import scheduling
from apps.workflows.models import Automation, Delivery, Occurrence
from apps.workflows.services import automations as services
from tests.conftest import api_for, client_for
from tests.standin.server import fails, says

pytestmark = pytest.mark.django_db


def made(person, helper, **values):
    about = {
        "name": "Morning",
        "agent": helper,
        "values": {"question": "What is new on {{ today }}?"},
        "cron": "0 8 * * *",
    }
    return services.save_automation(actor=person, values=about | values)[0]


def upload(person, base, name, text):
    return knowledge.upload_document(actor=person, knowledge_base=base, upload=SimpleUploadedFile(name, text.encode()))


def comes(automation, minutes=1):
    """Let the time of a schedule have come so many minutes ago."""
    due = timezone.now() - timedelta(minutes=minutes)
    Automation.objects.filter(pk=automation.pk).update(next_at=due)
    with public_context():
        Job.objects.filter(object_id=automation.pk).update(not_before=due)
    return due


def test_its_time_comes_and_the_answer_stands_in_a_conversation(member, agent, scripted, work_on):
    automation = made(member, agent)
    due = comes(automation)
    scripted.script(says("Nothing."))
    work_on()
    occurrence = automation.occurrences.get()
    assert (occurrence.due_at, occurrence.state, occurrence.missed) == (due, "started", 0)
    run = occurrence.run
    assert (run.state, run.answer, run.started_by) == ("succeeded", "Nothing.", member)
    assert run.question == f"What is new on {timezone.localdate().isoformat()}?"
    conversation = Conversation.objects.get(automation=automation)
    assert [(m.role, m.text) for m in conversation.messages.all()] == [
        ("user", run.question),
        ("assistant", "Nothing."),
    ]
    assert (conversation.owner, conversation.title) == (member, "Morning")
    automation.refresh_from_db()
    assert automation.next_at > timezone.now()
    started = AuditEvent.objects.get(action="run.started")
    assert (started.actor_name, started.through) == (member.name, "automation:Morning")


def test_next_answer_joins_the_same_conversation(member, agent, scripted, work_on):
    automation = made(member, agent)
    scripted.script(says("One."), says("Two."))
    for _ in range(2):
        comes(automation)
        work_on()
    assert [m.text for m in Conversation.objects.get().messages.filter(role="assistant")] == ["One.", "Two."]


def test_missed_times_are_made_up_for_once_or_each(member, agent, scripted, work_on):
    once = made(member, agent, name="Once", cron="0 * * * *")
    each = made(member, agent, name="Each", cron="0 * * * *", catch_up="each")
    comes(once, 600), comes(each, 600)
    scripted.script(*[says("Ok.") for _ in range(20)])
    work_on()
    found = once.occurrences.filter(cause="schedule")
    assert [o.missed for o in found] == [10]
    assert each.occurrences.count() == 11 and not each.occurrences.exclude(missed=0).exists()
    assert each.occurrences.filter(run__state="succeeded").count() == 11


def test_time_that_was_noticed_twice_starts_once(member, agent, scripted, work_on):
    automation = made(member, agent)
    comes(automation)
    from apps.jobs import services as jobs
    from apps.workflows.types import TICK

    for n in range(3):
        jobs.enqueue(kind=TICK, queue="agents", object_id=automation.pk, dedupe_key=f"again {n}")
    scripted.script(says("Once."))
    work_on()
    assert Run.objects.count() == 1


def test_paused_one_does_nothing_and_goes_on_from_now(member, agent, work_on):
    automation = made(member, agent)
    comes(automation)
    services.switch(actor=member, automation=automation, is_active=False)
    work_on()
    assert not Occurrence.objects.exists()
    services.switch(actor=member, automation=automation, is_active=True)
    work_on()
    assert not Occurrence.objects.exists()
    automation.refresh_from_db()
    assert automation.next_at > timezone.now()


def test_owner_who_may_not_ask_any_more_pauses_it(member, agent, admin_user, work_on, mailoutbox):
    automation = made(member, agent)
    comes(automation)
    Agent.objects.filter(pk=agent.pk).update(is_active=False)
    work_on()
    automation.refresh_from_db()
    assert not automation.is_active and "may not ask" in automation.paused_because
    assert (automation.occurrences.get().state, Run.objects.count()) == ("failed", 0)
    assert [m.subject for m in mailoutbox] == ["Morning did not start"]


def test_suspended_owner_starts_nothing(member, agent, admin_user, work_on, mailoutbox):
    automation = made(member, agent)
    comes(automation)
    members.suspend(actor=admin_user, user=member)
    work_on()
    assert not Run.objects.exists() and not mailoutbox
    automation.refresh_from_db()
    assert not automation.is_active


def test_form_of_the_agent_is_filled_in(member, agent, admin_user, scripted, work_on):
    letter = library.create_prompt(actor=admin_user, name="Brief", text="Sum up {{ topic }} for {{ person }}.")
    behaviour.set_behaviour(actor=admin_user, agent=agent, values={"form": letter, "form_label": "draft"})
    with pytest.raises(InvalidInput) as caught:
        made(member, agent, values={})
    assert caught.value.field == "values.topic"
    automation = made(member, agent, values={"topic": "leave", "other": "x"})
    assert automation.values == {"topic": "leave"}
    comes(automation)
    scripted.script(says("28 days."))
    work_on()
    run = Run.objects.get()
    assert (run.question, run.inputs) == ("Sum up leave for Mo Member.", {"topic": "leave"})


def test_document_starts_it_with_its_name_as_text_of_others(member, agent, base, scripted, work, work_on):
    automation = made(
        member,
        agent,
        kind="event",
        event="document.ready",
        collection=base,
        values={"question": "What does {{ document }} in {{ collection }} say?"},
    )
    scripted.script(says("Leave."))
    upload(member, base, "leave.md", "# Leave\n\nTwenty-eight days of leave.")
    work("documents")
    work_on()
    run = automation.occurrences.get().run
    assert run.question == f"What does leave.md in {base.name} say?"
    assert "untrusted" in run.holds and run.answer == "Leave."


def test_document_that_the_owner_may_not_see_starts_nothing(member, agent, base, admin_user, work, work_on):
    made(member, agent, kind="event", event="document.ready")
    type(base).objects.filter(pk=base.pk).update(is_open=False)
    upload(admin_user, base, "pay.md", "# Pay\n\nSecret.")
    work("documents")
    work_on()
    assert not Occurrence.objects.exists()


def test_failed_run_of_the_owner_starts_it_but_none_that_it_started(member, agent, scripted, work_on):
    from apps.agents.services.runs import start_run

    automation = made(
        member, agent, kind="event", event="run.failed", values={"question": "Why did {{ run }} fail: {{ reason }}?"}
    )
    scripted.script(fails(401), fails(401))
    start_run(actor=member, agent=agent, question="Hello?")
    work_on()
    occurrence = automation.occurrences.get()
    assert occurrence.run.question.startswith("Why did Hello? fail: ")
    assert occurrence.run.state == "failed" and Run.objects.count() == 2


def test_result_goes_to_people_and_to_a_signed_address(
    member, agent, admin_user, receiver, scripted, work_on, mailoutbox, settings
):
    settings.PROVIDER_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    url = f"http://127.0.0.1:{receiver.server_port}/hook"
    with pytest.raises(Forbidden):
        made(member, agent, webhook_url=url)
    automation, secret = services.save_automation(
        actor=admin_user,
        values={
            **{"name": "Report", "agent": agent, "values": {"question": "How many days?"}, "cron": "0 8 * * 1"},
            **{"recipients": [member], "webhook_url": url, "to_conversation": False},
        },
    )
    assert secret.startswith("whsec_")
    comes(automation)
    scripted.script(says("**28** days."))
    work_on()
    assert not Conversation.objects.exists()
    message = mailoutbox[0]
    assert message.to == [member.email] and "**28** days." in message.body
    assert "<strong>28</strong>" in message.alternatives[0][0]
    headers, body = receiver.got[0]
    told = json.loads(body)
    assert (told["type"], told["data"]["run"]["answer"]) == ("automation.finished", "**28** days.")
    headers = {name.lower(): value for name, value in headers.items()}
    assert headers["webhook-signature"].startswith("v1,") and headers["webhook-id"]
    assert sorted(Delivery.objects.values_list("kind", "state")) == [("email", "sent"), ("webhook", "sent")]


def test_owner_who_lost_the_right_has_nothing_sent_out(member, agent, receiver, scripted, work_on, settings):
    settings.PROVIDER_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    automation = made(member, agent)
    automation.webhook_url = f"http://127.0.0.1:{receiver.server_port}/hook"
    automation.set_secret("whsec_AAAA")
    automation.save()
    comes(automation)
    scripted.script(says("Secret."))
    work_on()
    sent = Delivery.objects.get(kind="webhook")
    assert (sent.state, receiver.got) == ("failed", []) and "may not have results sent" in sent.error


def test_address_that_does_not_answer_is_told_and_tried_again_by_hand(member, agent, admin_user, scripted, work_on):
    automation = made(admin_user, agent)
    comes(automation)
    scripted.script(says("Done."))
    work_on()
    row = Delivery.objects.create(
        occurrence=automation.occurrences.get(), kind="webhook", target="http://127.0.0.1:9/", state="failed", error="x"
    )
    with pytest.raises(Forbidden):
        services.send_again(actor=member, delivery=row)
    services.send_again(actor=admin_user, delivery=row)
    with pytest.raises(Conflict):
        services.send_again(actor=admin_user, delivery=row)


def test_limits_of_what_is_saved(member, agent, admin_user, globex):
    for values, field in [
        ({"name": " "}, "name"),
        ({"cron": "soon"}, "cron"),
        ({"values": {"question": ""}}, "values.question"),
        ({"kind": "event", "event": ""}, "event"),
        ({"agent": None}, "agent"),
    ]:
        with pytest.raises(InvalidInput) as caught:
            made(member, agent, **values)
        assert caught.value.field == field
    assert not Automation.objects.exists()
    project = projects.begin_project(actor=admin_user, name="Bridge")
    with pytest.raises((Forbidden, Conflict)):
        made(member, agent, project=project)


def test_somebody_else_neither_changes_nor_starts_it_but_the_admin_pauses(member, agent, admin_user):
    automation = made(member, agent)
    with pytest.raises(Forbidden):
        services.save_automation(actor=admin_user, values={"name": "Mine"}, automation=automation)
    with pytest.raises(Forbidden):
        services.start_now(actor=admin_user, automation=automation)
    services.switch(actor=admin_user, automation=automation, is_active=False)
    with pytest.raises(Forbidden):
        services.switch(actor=admin_user, automation=automation, is_active=True)
    actions = list(AuditEvent.objects.filter(action__startswith="automation.").values_list("action", flat=True))
    assert actions == ["automation.paused", "automation.added"]


def test_started_by_hand_once_a_key(member, agent, scripted, work_on):
    automation = made(member, agent)
    scripted.script(says("Now."))
    first = services.start_now(actor=member, automation=automation, key="a")
    assert services.start_now(actor=member, automation=automation, key="a") == first
    work_on()
    assert Run.objects.get().answer == "Now."


def test_lost_job_is_mended_at_night(member, agent, scripted, work_on):
    automation = made(member, agent)
    Automation.objects.filter(pk=automation.pk).update(next_at=timezone.now() - timedelta(hours=2))
    with public_context():
        Job.objects.filter(object_id=automation.pk).delete()
    assert scheduling.mend() == 1
    scripted.script(says("Late."))
    work_on()
    assert automation.occurrences.get().run.answer == "Late."
    with tenant_context(None):
        assert scheduling.mend() == 0


def test_times_long_past_are_forgotten_and_their_runs_stay(member, agent, scripted, work_on):
    automation = made(member, agent)
    comes(automation)
    scripted.script(says("Old."))
    work_on()
    automation.occurrences.update(created_at=timezone.now() - timedelta(days=91))
    assert scheduling.forget_old() == 2  # it, and its delivery into a conversation
    assert Run.objects.get().answer == "Old."


def test_full_queue_keeps_nothing_from_being_written_down(member, agent, work_on, settings):
    settings.EMAIL_BACKEND = "apps.mails.backends.OutboxBackend"
    automation = made(member, agent)
    comes(automation)
    Agent.objects.filter(pk=agent.pk).update(is_active=False)
    settings.JOB_TENANT_QUEUE_LIMIT = 0
    work_on()
    assert automation.occurrences.get().state == "failed"


def test_pages(member, agent, acme, admin_user, scripted, work_on):
    client = client_for(acme, member)
    page = client.get("/automations/")
    assert "Nothing starts by itself" in page.content.decode()
    assert "Handbook guide" in client.get("/automations/new/").content.decode()
    form = {"agent": agent.pk, "name": "Morning", "values-question": "News?", "kind": "schedule", "every": "week"}
    form |= {"at": "07:15", "weekday": "0", "day": "1", "time_zone": "Europe/Berlin", "catch_up": "once"}
    answer = client.post("/automations/new/", form | {"recipients": "nobody@acme.example"})
    assert answer.status_code == 422 and "is nobody of your organisation" in answer.content.decode()
    answer = client.post("/automations/new/", form | {"recipients": "Member@acme.example", "to_conversation": "on"})
    assert answer.status_code == 302
    with tenant_context(acme):
        automation = Automation.objects.get()
        assert (automation.cron, automation.time_zone) == ("15 7 * * 0", "Europe/Berlin")
        assert list(automation.recipients.all()) == [member]
    page = client.get(f"/automations/{automation.pk}/").content.decode()
    assert "Every Sunday at 7:15 a.m." in page and "Start now" in page
    assert 'value="07:15"' in client.get(f"/automations/{automation.pk}/edit/").content.decode()
    theirs = client_for(acme, admin_user)
    assert "Nothing starts" in theirs.get("/automations/").content.decode()
    assert "Mo Member" in theirs.get("/automations/?all=1").content.decode()
    assert theirs.get(f"/automations/{automation.pk}/edit/").status_code == 403


def test_api(member, agent, acme, base):
    api = api_for(acme, member)
    body = {"name": "Morning", "agent": str(agent.pk), "values": {"question": "News?"}, "cron": "0 8 * * 1-5"}
    answer = api.post("/api/v1/automations/", body, format="json")
    assert answer.status_code == 201, answer.json()
    made_at = f"/api/v1/automations/{answer.json()['id']}"
    assert answer.json()["next_at"] and answer.json()["secret"] == ""
    assert api.post("/api/v1/automations/", body | {"cron": "x"}, format="json").status_code == 422
    changed = api.patch(made_at, {"cron": "0 9 * * *", "is_active": False}, format="json").json()
    assert (changed["cron"], changed["is_active"], changed["next_at"]) == ("0 9 * * *", False, None)
    assert api.post(f"{made_at}/start").status_code == 409
    api.patch(made_at, {"is_active": True}, format="json")
    started = api.post(f"{made_at}/start", HTTP_IDEMPOTENCY_KEY="k").json()
    assert api.post(f"{made_at}/start", HTTP_IDEMPOTENCY_KEY="k").json()["id"] == started["id"]
    assert [o["id"] for o in api.get(f"{made_at}/occurrences").json()["results"]] == [started["id"]]
    assert [o["id"] for o in api.get("/api/v1/automations/").json()["results"]] == [answer.json()["id"]]
    assert api.delete(made_at).status_code == 204
