"""Checklists: kept from a result, ticked by those whose things they are, changed by who keeps them, and reminded of."""

from datetime import date, timedelta

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.agents.blueprints.registry import blueprint_named
from apps.agents.services import files, form_runs, studio
from apps.audit.models import AuditEvent
from apps.core.errors import Conflict, Forbidden, InvalidInput
from apps.core.tenancy import tenant_context
from apps.workflows.models import Checklist, ChecklistItem
from apps.workflows.services import checklists as services
from tests.agents.test_runs import finished
from tests.conftest import PASSWORD, api_for, client_for

pytestmark = pytest.mark.django_db
ONBOARDING = blueprint_named("hr_onboarding")
TABLE = b"Task,Day,Who,Phase\nHand over keys,0,IT,First week\nRead the handbook,1,New colleague,First week\nTalk,20,Boss,Later\n"


@pytest.fixture
def colleague(in_acme):
    from apps.accounts.services.members import create_user

    return create_user(email="ines@acme.example", name="Ines Okafor", password=PASSWORD)


@pytest.fixture
def run(in_acme, admin_user, member, work, colleague):
    agent = studio.save_agent(actor=admin_user, values={"name": "Welcomer"}, blueprint=ONBOARDING)
    table = files.keep_file(actor=member, upload=SimpleUploadedFile("tasks.csv", TABLE))
    about = {"name": "Ines Okafor", "role": "Support", "start": "2027-02-01", "email": "ines@acme.example"}
    given = about | {"table": str(table.pk), "people": "IT: admin@acme.example"}
    started = form_runs.start_form_run(actor=member, agent=agent, given=given)
    work("agents")
    return finished(started)


@pytest.fixture
def checklist(run, member):
    return services.keep(actor=member, run=run)


def item(checklist, title):
    return checklist.items.get(title=title)


def test_a_result_is_kept_with_whose_each_thing_is(checklist, run, member, admin_user, colleague):
    assert (checklist.owner, checklist.person, checklist.run) == (member, colleague, run)
    assert [(row.title, row.due.isoformat(), row.assignee, row.who) for row in checklist.items.all()] == [
        ("Hand over keys", "2027-02-01", admin_user, "IT"),
        ("Read the handbook", "2027-02-02", colleague, "New colleague"),
        ("Talk", "2027-03-01", None, "Boss"),
    ]
    assert AuditEvent.objects.get(action="checklist.kept").after["items"] == 3
    told = {message.to[0]: message.body for message in mail.outbox}
    assert set(told) == {"admin@acme.example", "ines@acme.example"} and "Hand over keys" in told["admin@acme.example"]
    with pytest.raises(Conflict):
        services.keep(actor=member, run=run)


def test_nothing_comes_of_other_runs(finished_run_of_a_chat, member):
    with pytest.raises(Conflict):
        services.keep(actor=member, run=finished_run_of_a_chat)


@pytest.fixture
def finished_run_of_a_chat(in_acme, member, agent):
    from apps.agents.models import Run

    return Run.objects.create(agent=agent, started_by=member, state=Run.State.SUCCEEDED)


def test_who_sees_and_who_does_what(checklist, member, admin_user, colleague, in_acme):
    from apps.accounts.services.members import create_user

    stranger = create_user(email="s@acme.example", name="Stranger", password=PASSWORD)
    for person, is_seen in ((member, True), (colleague, True), (admin_user, True), (stranger, False)):
        assert Checklist.objects.visible_to(person).filter(pk=checklist.pk).exists() == is_seen
    book, keys = item(checklist, "Read the handbook"), item(checklist, "Hand over keys")
    services.tick(actor=colleague, item=book, is_done=True)
    with pytest.raises(Forbidden):
        services.tick(actor=colleague, item=keys, is_done=True)
    with pytest.raises(Forbidden):
        services.change_item(actor=colleague, item=book, values={"title": "x"})
    with pytest.raises(Forbidden):
        services.remove(actor=colleague, checklist=checklist)
    services.tick(actor=member, item=keys, is_done=True)
    row = Checklist.objects.with_progress().get(pk=checklist.pk)
    assert (row.done, row.total) == (2, 3)
    services.tick(actor=member, item=keys, is_done=False)
    keys.refresh_from_db()
    assert keys.done_at is None and keys.done_by is None


def test_same_tick_again_changes_nothing(checklist, member):
    keys = item(checklist, "Hand over keys")
    services.tick(actor=member, item=keys, is_done=True)
    first = item(checklist, "Hand over keys").done_at
    services.tick(actor=member, item=keys, is_done=True)
    assert item(checklist, "Hand over keys").done_at == first
    assert AuditEvent.objects.filter(action="checklist.ticked").count() == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": "  ", "due": date(2027, 3, 1)}, "title"),
        ({"title": "x"}, "due"),
        ({"title": "x", "due": date(2027, 3, 1), "assignee": "nobody@acme.example"}, "assignee"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(checklist, member, values, field):
    with pytest.raises(InvalidInput) as caught:
        services.add_item(actor=member, checklist=checklist, values=values)
    assert caught.value.field == field and checklist.items.count() == 3


def test_a_list_is_full_at_some_point(checklist, member):
    rows = [ChecklistItem(checklist=checklist, number=n, title="x", due=date(2027, 3, 1)) for n in range(4, services.MOST_ITEMS + 1)]  # fmt: skip
    ChecklistItem.objects.bulk_create(rows)
    with pytest.raises(Conflict):
        services.add_item(actor=member, checklist=checklist, values={"title": "x", "due": date(2027, 3, 1)})


def test_reminded_before_and_every_third_day_after(checklist, admin_user, monkeypatch):
    mail.outbox.clear()
    sent = {}
    for day in (date(2027, 1, 30), *(date(2027, 1, 31) + timedelta(days=n) for n in range(8))):
        monkeypatch.setattr(timezone, "localdate", lambda *args, now=day, **kw: now)
        services.remind()
        sent[day.isoformat()] = sorted(message.to[0].partition("@")[0] for message in mail.outbox)
        mail.outbox.clear()
    assert sent == {
        "2027-01-30": [],
        "2027-01-31": ["admin"],
        "2027-02-01": ["ines"],
        "2027-02-02": [],
        "2027-02-03": ["admin"],
        "2027-02-04": ["ines"],
        "2027-02-05": [],
        "2027-02-06": ["admin"],
        "2027-02-07": ["ines"],
    }
    services.tick(actor=admin_user, item=item(checklist, "Hand over keys"), is_done=True)
    User.objects.filter(email="ines@acme.example").update(is_active=False)
    monkeypatch.setattr(timezone, "localdate", lambda *args, **kw: date(2027, 2, 20))
    services.remind()
    assert mail.outbox == []


def test_another_day_reminds_anew(checklist, member):
    keys = item(checklist, "Hand over keys")
    ChecklistItem.objects.filter(pk=keys.pk).update(reminded_on=date(2027, 1, 31))
    services.change_item(actor=member, item=keys, values={"due": date(2027, 2, 10)})
    assert item(checklist, "Hand over keys").reminded_on is None


def test_pages(acme, checklist, member, colleague, run):
    own, other = client_for(acme, member), client_for(acme, colleague)
    detail = reverse("checklist", args=[checklist.pk])
    assert "0 of 3 done" in own.get(detail).content.decode()
    with tenant_context(acme):
        book = item(checklist, "Read the handbook")
    tick = reverse("checklist-item-tick", args=[book.pk])
    part = other.post(tick, {"done": "1"}, headers={"HX-Request": "true"}).content.decode()
    assert "1 of 3 done" in part and "<html" not in part
    page = other.get(detail).content.decode()
    assert "Change: Read the handbook" not in page and "Done: Hand over keys" not in page
    assert "What you have to do" not in other.get(reverse("checklists")).content.decode()
    new = reverse("checklist-item-new", args=[checklist.pk])
    assert own.post(new, {"title": "Cake", "due": "2027-02-03", "assignee": "nobody@x.example"}).status_code == 422
    assert own.post(new, {"title": "Cake", "due": "2027-02-03"}).status_code == 302
    assert other.post(new, {"title": "Cake", "due": "2027-02-03"}).status_code == 403
    with tenant_context(acme):
        cake = item(checklist, "Cake")
    edit = reverse("checklist-item", args=[cake.pk])
    assert own.post(edit, {"title": "Cake and tea", "due": "2027-02-04"}).status_code == 302
    assert own.post(edit, {"remove": "1"}).status_code == 302
    assert "of 3 done" in own.get(detail).content.decode()
    again = own.post(reverse("checklist-keep", args=[run.pk]))
    assert again.status_code == 302 and again["Location"] == detail
    assert own.post(reverse("checklist-remove", args=[checklist.pk])).status_code == 302
    assert own.get(detail).status_code == 404


def test_api(acme, run, member, colleague):
    own, other = api_for(acme, member), api_for(acme, colleague)
    made = own.post("/api/v1/checklists/", {"run": str(run.pk)}, format="json")
    assert made.status_code == 201 and made.json()["total"] == 3
    key = made.json()["id"]
    first = made.json()["items"][0]
    assert first["assignee"] == "admin@acme.example" and first["is_done"] is False
    assert own.post("/api/v1/checklists/", {"run": str(run.pk)}, format="json").status_code == 409
    assert [row["id"] for row in other.get("/api/v1/checklists/").json()["results"]] == [key]
    change = f"/api/v1/checklists/items/{first['id']}"
    assert other.patch(change, {"is_done": True}, format="json").status_code == 403
    both = own.patch(change, {"is_done": True, "due": "2027-02-09"}, format="json").json()
    assert both["is_done"] is True and both["due"] == "2027-02-09"
    wrong = own.patch(change, {"is_done": False, "assignee": "nobody@x.example"}, format="json")
    assert wrong.status_code == 422 and own.get(f"/api/v1/checklists/{key}").json()["done"] == 1
    body = {"title": "Cake", "due": "2027-02-03"}
    assert own.post(f"/api/v1/checklists/{key}/items", body, format="json").status_code == 201
    assert own.delete(change).status_code == 204
    assert own.delete(f"/api/v1/checklists/{key}").status_code == 204
    assert own.get(f"/api/v1/checklists/{key}").status_code == 404


def test_number_of_queries_does_not_grow(acme, checklist, member, django_assert_max_num_queries):
    client = client_for(acme, member)
    detail = reverse("checklist", args=[checklist.pk])
    client.get(detail)
    with tenant_context(acme):
        ChecklistItem.objects.bulk_create(
            ChecklistItem(checklist=checklist, number=n, title=f"x{n}", due=date(2027, 3, 1), assignee=member)
            for n in range(4, 100)
        )
    with django_assert_max_num_queries(30):
        assert client.get(detail).status_code == 200
