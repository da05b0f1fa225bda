"""An agent asked for each row of a table: what fits, a few at a time, each once, and the table back with the answers."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.agents.models import Agent, Run
from apps.agents.blueprints.registry import blueprint_named
from apps.agents.services import behaviour, form_runs, studio
from apps.audit.models import AuditEvent
from apps.core.errors import Conflict, Forbidden, InvalidInput, TooLarge
from apps.core.tenancy import public_context, tenant_context
from apps.jobs.models import Job
from apps.prompts.services import library
from apps.prompts.types import Variable
from apps.usage.models import Price
from apps.usage.services import budgets
from apps.workflows import batching
from apps.workflows.models import Batch
from apps.workflows.services import batches as services
from tests.blueprints.invoice_set import PLAIN
from tests.blueprints.invoices import as_ubl, changed
from tests.conftest import api_for, client_for
from tests.standin.server import fails, says

pytestmark = pytest.mark.django_db
TABLE = b"Topic,Reader,Owner\nleave,staff,Ann\nsickness,the board,Bo\ntravel,nobody,Cy\n"


@pytest.fixture
def form(agent, admin_user):
    """The agent with a form of two variables."""
    variables = [Variable("topic", "text"), Variable("reader", "choice", choices=("staff", "the board"))]
    text = "Sum up {{ topic }} for {{ reader }}."
    letter = library.create_prompt(actor=admin_user, name="Brief", text=text, variables=variables)
    return behaviour.set_behaviour(actor=admin_user, agent=agent, values={"form": letter, "form_label": "draft"})


def uploaded(person, agent, data=TABLE, **about):
    return services.add_batch(actor=person, agent=agent, name="topics.csv", data=data, **about)


def states(batch):
    return list(batch.items.order_by("number").values_list("state", flat=True))


def test_rows_that_do_not_fit_are_told_before_anything_starts(member, form):
    batch = uploaded(member, form)
    assert (batch.state, states(batch), Run.objects.count()) == ("draft", ["waiting", "waiting", "invalid"], 0)
    assert "Choose one of" in batch.items.get(number=3).error


def test_each_row_is_asked_once_and_the_table_comes_back(member, form, scripted, work_on, mailoutbox):
    batch = uploaded(member, form)
    scripted.script(says("Leave: 28 days."), says("=Sick: call."))
    services.start_batch(actor=member, batch=batch)
    work_on()
    batch.refresh_from_db()
    assert (batch.state, states(batch)) == ("done", ["done", "done", "invalid"])
    assert sorted(Run.objects.values_list("question", flat=True)) == [
        "Sum up leave for staff.",
        "Sum up sickness for the board.",
    ]
    rows = list(csv.DictReader(io.StringIO("".join(services.results_of(batch)).removeprefix("\ufeff"))))
    assert [(r["Topic"], r["Owner"], r["Status"]) for r in rows] == [
        ("leave", "Ann", "done"),
        ("sickness", "Bo", "done"),
        ("travel", "Cy", "invalid"),
    ]
    assert {rows[0]["Result"], rows[1]["Result"]} == {"Leave: 28 days.", "'=Sick: call."}
    assert rows[0]["Run"].endswith(f"/runs/{batch.items.get(number=1).run_id}/") and "Choose" in rows[2]["Reason"]
    assert [m.subject for m in mailoutbox] == ["topics.csv is done"]
    assert AuditEvent.objects.filter(action="run.started", through="batch:topics.csv").count() == 2


def test_a_few_rows_at_a_time(member, agent, scripted, work, django_capture_on_commit_callbacks):
    table = b"question\n" + b"".join(b"What is %d?\n" % n for n in range(30))
    batch = uploaded(member, agent, table)
    services.start_batch(actor=member, batch=batch)
    scripted.script(*[says("So.") for _ in range(40)])
    from apps.jobs import engine, worker

    with tenant_context(None):
        worker.execute(engine.claim("agents"))
    assert states(batch).count("started") == batching.WIDTH and states(batch).count("waiting") == 22
    done = 1
    while done:
        with django_capture_on_commit_callbacks(execute=True):
            done = work("agents")
    assert set(states(batch)) == {"done"} and Run.objects.count() == 30


def test_failed_rows_are_asked_again(member, agent, scripted, work_on):
    batch = uploaded(member, agent, b"question\nOne?\nTwo?\n")
    scripted.script(fails(401), says("Two."), says("One."))
    services.start_batch(actor=member, batch=batch)
    work_on()
    assert sorted(states(batch)) == ["done", "failed"]
    batch.refresh_from_db()
    assert services.ask_again(actor=member, batch=batch) == 1
    work_on()
    assert states(batch) == ["done", "done"] and Run.objects.count() == 3
    with pytest.raises(Conflict):
        services.ask_again(actor=member, batch=Batch.objects.get())


def test_stopped_while_it_runs(member, agent, scripted, work, work_on):
    batch = uploaded(member, agent, b"question\n" + b"".join(b"What is %d?\n" % n for n in range(20)))
    services.start_batch(actor=member, batch=batch)
    from apps.jobs import engine, worker

    with tenant_context(None):
        worker.execute(engine.claim("agents"))
    batch.refresh_from_db()
    services.stop_batch(actor=member, batch=batch)
    work_on()
    batch.refresh_from_db()
    assert (batch.state, set(states(batch))) == ("cancelled", {"cancelled"})
    assert set(Run.objects.values_list("state", flat=True)) == {"cancelled"} and not scripted.asked
    with pytest.raises(Conflict):
        services.stop_batch(actor=member, batch=batch)


def test_spent_budget_pauses_it_with_the_reason(member, agent, admin_user, scripted, work_on, mailoutbox):
    batch = uploaded(member, agent, b"question\nOne?\nTwo?\n")
    services.start_batch(actor=member, batch=batch)
    budgets.save_budget(actor=admin_user, values={"name": "All", "scope": "tenant", "unit": "requests", "limit": 0})
    work_on()
    batch.refresh_from_db()
    assert batch.state == "paused" and "All" in batch.reason and set(states(batch)) == {"waiting"}
    assert [m.subject for m in mailoutbox] == ["topics.csv is paused"]


def test_worker_that_is_lost_leaves_no_row_asked_for_twice(member, agent, scripted, work_on):
    batch = uploaded(member, agent, b"question\nOne?\nTwo?\nThree?\n")
    services.start_batch(actor=member, batch=batch)
    from apps.jobs import engine

    with tenant_context(None):
        claim = engine.claim("agents")
    from apps.workflows.batching import _next, _start_next

    _start_next(claim, batch, _next(batch))
    with public_context():
        Job.objects.filter(pk=claim.job_id).update(lease_until="2020-01-01T00:00Z")
    scripted.script(*[says("So.") for _ in range(5)])
    work_on()
    assert states(batch) == ["done"] * 3 and Run.objects.count() == 3


def test_what_cannot_be_uploaded(member, form, agent, admin_user):
    for data, field in [(b"Topic\nleave\n", "file"), (b"", "file"), (b"Topic,Reader\n", "file")]:
        with pytest.raises(InvalidInput) as caught:
            uploaded(member, form, data)
        assert caught.value.field == field
    with pytest.raises(TooLarge):
        uploaded(member, form, b"x" * (services.MOST_BYTES + 1))
    Agent.objects.filter(pk=agent.pk).update(is_active=False)
    with pytest.raises(Forbidden):
        uploaded(member, form)
    assert not Batch.objects.exists()


def test_cost_is_told_before(member, form, scripted):
    Price.objects.create(model=form.model, input=100, output=400)
    batch = uploaded(member, form)
    one = form_runs.forecast(actor=member, agent=form, given={"topic": "leave", "reader": "staff"})
    assert one.cost > 0 and services.expected_cost(actor=member, batch=batch) == 2 * one.cost


def test_batch_that_goes_on_while_its_job_ends_keeps_a_job(member, agent, scripted, work_on, monkeypatch):
    batch = uploaded(member, agent, b"question\nOne?\n")
    services.start_batch(actor=member, batch=batch)
    Batch.objects.filter(pk=batch.pk).update(state="paused")
    original, turns = batching._ended, []

    def meanwhile(claim):
        if not turns:
            turns.append(1)
            services.start_batch(actor=member, batch=Batch.objects.get(pk=batch.pk))
        return original(claim)

    monkeypatch.setattr(batching, "_ended", meanwhile)
    scripted.script(says("So."))
    work_on()
    assert states(batch) == ["done"] and Batch.objects.get().state == "done"


def test_stopped_batch_is_asked_again_once_its_stop_has_come_through(member, agent, scripted, work_on):
    batch = uploaded(member, agent, b"question\nOne?\n")
    services.start_batch(actor=member, batch=batch)
    services.stop_batch(actor=member, batch=Batch.objects.get())
    with pytest.raises(Conflict):
        services.ask_again(actor=member, batch=Batch.objects.get())
    work_on()
    scripted.script(says("So."))
    services.ask_again(actor=member, batch=Batch.objects.get())
    work_on()
    assert states(batch) == ["done"]


def test_pages(member, form, acme, admin_user, scripted, work_on):
    client = client_for(acme, member)
    assert "No table has been uploaded" in client.get("/batches/").content.decode()
    at = f"/batches/new/?agent={form.pk}"
    assert "reader" in client.get(at).content.decode()
    assert client.get(f"{at}&empty=1").content.decode().strip() == "\ufefftopic,reader"
    bad = client.post("/batches/new/", {"agent": form.pk, "file": SimpleUploadedFile("x.csv", b"a\n1")})
    assert bad.status_code == 422 and "has no column" in bad.content.decode()
    made = client.post("/batches/new/", {"agent": form.pk, "file": SimpleUploadedFile("topics.csv", TABLE)})
    page = client.get(made.url).content.decode()
    assert "2 rows fit the form." in page and "1 row does not" in page
    client.post(f"{made.url}start/")
    with tenant_context(acme):
        scripted.script(says("A."), says("B."))
        work_on()
    page = client.get(made.url).content.decode()
    assert "2 of 3 done" in page and "Results as CSV" in page
    answer = client.get(f"{made.url}results/")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="topics-results.csv"'
    theirs = client_for(acme, admin_user)
    assert "topics.csv" in theirs.get("/batches/?all=1").content.decode()
    assert theirs.post(f"{made.url}again/").status_code == 403


def test_api(member, form, acme, scripted, work_on):
    api = api_for(acme, member)
    rows = [{"topic": "leave", "reader": "staff"}, {"topic": "", "reader": "staff"}]
    made = api.post("/api/v1/batches/", {"agent": str(form.pk), "rows": rows}, format="json")
    assert made.status_code == 201 and (made.json()["total"], made.json()["invalid"]) == (2, 1)
    at = f"/api/v1/batches/{made.json()['id']}"
    assert api.post(f"{at}/start").json()["state"] == "running"
    with tenant_context(acme):
        scripted.script(says("28."))
        work_on()
    assert api.get(at).json()["state"] == "done"
    assert [i["answer"] for i in api.get(f"{at}/items").json()["results"]] == ["28.", ""]
    assert "28." in api.get(f"{at}/results").content.decode()
    assert api.post(f"{at}/stop").status_code == 409
    file = SimpleUploadedFile("topics.csv", TABLE)
    sent = api.post("/api/v1/batches/", {"agent": str(form.pk), "file": file}, format="multipart")
    assert sent.status_code == 201 and sent.json()["name"] == "topics.csv"
    assert api.post("/api/v1/batches/", {"agent": str(form.pk)}, format="json").status_code == 422
    assert api.delete(f"/api/v1/batches/{sent.json()['id']}").status_code == 204


@pytest.fixture
def validator(in_acme, admin_user):
    return studio.save_agent(
        actor=admin_user, values={"name": "Invoices"}, blueprint=blueprint_named("invoice_validator")
    )


def invoices(*extra):
    made = [changed(PLAIN, number=f"N-{n}") for n in range(3)] + [changed(PLAIN, totals__payable="1.00")]
    return [SimpleUploadedFile(f"{n}.xml", as_ubl(each)) for n, each in enumerate(made)] + list(extra)


def test_each_file_is_asked_about_and_what_is_no_file_is_marked(member, validator, work_on):
    uploads = invoices(SimpleUploadedFile("virus.exe", b"MZ"))
    orders = SimpleUploadedFile("orders.csv", b"Order,Total\nPO-7,5000\n")
    batch = services.add_batch_of_files(actor=member, agent=validator, uploads=uploads, shared={"orders": orders})
    assert states(batch) == ["waiting"] * 4 + ["invalid"]
    assert "virus.exe" in batch.items.get(number=5).error
    services.start_batch(actor=member, batch=batch)
    work_on()
    assert states(batch) == ["done"] * 4 + ["invalid"], list(batch.items.values_list("error", flat=True))
    verdicts = [item.run.result["verdict"] for item in batch.items.filter(state="done").order_by("number")]
    assert verdicts == ["fits", "fits", "fits", "wrong"]
    table = list(csv.DictReader(io.StringIO("".join(services.results_of(batch)).lstrip("\ufeff"))))
    assert [row["File"] for row in table] == ["0.xml", "1.xml", "2.xml", "3.xml", "virus.exe"]


def test_files_by_the_page(member, validator, acme):
    client = client_for(acme, member)
    page = client.get(f"/batches/new/?agent={validator.pk}")
    assert page.status_code == 200
    assert "Purchase orders" in page.content.decode()
    url = "/batches/new/"
    orders = SimpleUploadedFile("orders.exe", b"MZ")
    refused = client.post(url, {"agent": validator.pk, "files": invoices(), "values-orders": orders})
    assert (refused.status_code, Batch.objects.count()) == (422, 0)
    assert "orders.exe" in refused.content.decode()
    none = client.post(url, {"agent": validator.pk})
    assert (none.status_code, "Choose 1 to 100 files" in none.content.decode()) == (422, True)
    made = client.post(url, {"agent": validator.pk, "files": invoices()})
    assert made.status_code == 302
    shown = client.get(made["Location"]).content.decode()
    assert "0.xml" in shown
    assert str(Batch.objects.get().items.first().cells["invoice"]) not in shown


def test_an_agent_that_asks_for_no_file(member, form):
    with pytest.raises(InvalidInput):
        services.add_batch_of_files(actor=member, agent=form, uploads=invoices(), shared={})
