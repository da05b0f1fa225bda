"""Usage, budgets and prices through pages and API."""

from decimal import Decimal

import pytest

from apps.core.errors import Conflict, InvalidInput
from apps.providers.types import Usage
from apps.usage.models import Budget, BudgetPeriod, BudgetRequest, Price, UsageDay
from apps.usage.services import budgets, ledger, reports
from apps.usage.types import Call, Outcome
from tests.conftest import api_for, client_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def used(model, member, admin):
    """Two calls of the member, one of the admin."""
    for number, person in enumerate((member, member, admin)):
        call = Call(f"k{number}", f"p{number}", model, person, agent_name="=Guide", agent_id=model.pk)
        ledger.settle(call, Outcome(Usage(1_000_000, 500_000), True))


def test_page_shows_everybodys_to_admins_and_ones_own_to_members(acme, used, member, admin):
    page = client_for(acme, admin).get("/usage/?by=person").content.decode()
    assert "US$ 6.00" in page and member.name in page and '<rect class="b1"' in page
    own = client_for(acme, member).get("/usage/?by=person").content.decode()
    assert "US$ 4.00" in own and "US$ 6.00" not in own and admin.name not in own


def test_file_holds_what_the_page_shows_and_no_formula(acme, used, admin):
    answer = client_for(acme, admin).get("/usage/export/?by=agent")
    lines = answer.content.decode().splitlines()
    assert lines[0].startswith("id,name,calls") and "'=Guide,3,0,3000000,1500000" in lines[1]
    by_day = client_for(acme, admin).get("/usage/export/?by=day&days=7").content.decode().splitlines()
    assert len(by_day) == 8


def test_days_without_a_call_are_there_and_nonsense_is_ignored(used, acme, member):
    lines = reports.by_day(member, 7)
    assert len(lines) == 7 and [line.sums.calls for line in lines] == [0, 0, 0, 0, 0, 0, 2]
    assert client_for(acme, member).get("/usage/?days=9999&by=x&of=y").status_code == 200


def test_budget_is_set_seen_changed_and_removed(acme, admin, agent, member):
    client = client_for(acme, admin)
    values = {"name": "Guide", "scope": "agent", "target": agent.name, "limit": "12.50", "measure": "money"}
    values |= {"period": "month", "warn_at": "80", "is_active": "on"}
    assert client.post("/usage/budgets/", values).status_code == 302
    row = Budget.objects.get()
    assert (row.object_id, row.object_name) == (agent.pk, agent.name)
    assert "US$ 12.50" in client.get("/usage/budgets/").content.decode()
    assert client.post(f"/usage/budgets/{row.pk}/", values | {"limit": "20"}).status_code == 302
    assert Budget.objects.get().limit == 20
    for wrong in ({"target": "nobody"}, {"limit": "-1"}, {"limit": "x"}, {"warn_at": "0"}, {"name": ""}):
        assert client.post("/usage/budgets/", values | wrong).status_code == 422, wrong
    assert client.post("/usage/budgets/", values).status_code == 422  # the name is taken
    client.post(f"/usage/budgets/{row.pk}/remove/")
    assert not Budget.objects.exists()


def test_more_is_asked_for_granted_for_the_period_and_told(
    acme, admin, member, model, mailoutbox, django_capture_on_commit_callbacks
):
    budget = budgets.save_budget(actor=admin, values={"name": "Each", "scope": "each", "limit": Decimal("0.1")})
    with django_capture_on_commit_callbacks(execute=True):
        client_for(acme, member).post(f"/usage/budgets/{budget.pk}/ask/", {"note": "A tender is due"})
    asked = BudgetRequest.objects.get()
    assert (asked.note, asked.period.holder) == ("A tender is due", member.pk)
    page = client_for(acme, admin).get("/usage/budgets/").content.decode()
    assert "A tender is due" in page
    with django_capture_on_commit_callbacks(execute=True):
        client_for(acme, admin).post(f"/usage/requests/{asked.pk}/", {"granted": "0.4"})
    assert BudgetPeriod.objects.get(holder=member.pk).limit == Decimal("0.5")
    ledger.reserve(Call("k", "p", model, member), Usage(450_000, 0))
    assert {tuple(m.to) for m in mailoutbox} >= {(admin.email,), (member.email,)}
    with django_capture_on_commit_callbacks(execute=True):
        client_for(acme, admin).post(f"/usage/requests/{asked.pk}/", {"granted": "9"})
    assert BudgetPeriod.objects.get(holder=member.pk).limit == Decimal("0.5"), "answered twice"


def test_nobody_asks_for_more_of_another_persons_budget(acme, admin, member):
    row = budgets.save_budget(actor=admin, values={"name": "Ada", "scope": "person", "limit": Decimal(1)}, target=admin)
    assert client_for(acme, member).post(f"/usage/budgets/{row.pk}/ask/").status_code == 404


def test_price_is_set_and_taken_back(acme, admin, model):
    client = client_for(acme, admin)
    address = f"/usage/prices/{model.pk}/"
    assert client.post(address, {"input": "3", "output": "6"}).status_code == 302
    assert Price.objects.get().output == 6
    assert client.post(address, {"input": "3"}).status_code == 422
    assert client.post(address, {"input": "-3", "output": "1"}).status_code == 422
    client.post(address, {})
    assert not Price.objects.exists()
    assert "counts as free" in client.get("/usage/prices/").content.decode()


def test_api_reads_usage_sets_budgets_and_estimates(acme, admin, member, model, used):
    client = api_for(acme, admin)
    found = client.get("/api/v1/usage/", {"by": "model"}).json()
    assert (found["totals"]["calls"], found["lines"][0]["label"]) == (3, "Priced: m")
    assert client.get("/api/v1/usage/", {"days": 0}).status_code == 422
    assert len(client.get("/api/v1/usage/records").json()["results"]) == 3
    assert len(api_for(acme, member).get("/api/v1/usage/records").json()["results"]) == 2
    assert api_for(acme, member).get("/api/v1/usage/", {"by": "person"}).status_code == 403
    asked = {"model": str(model.pk), "input_tokens": 1_000_000, "output_tokens": 1_000_000}
    assert Decimal(client.post("/api/v1/usage/estimate", asked).json()["cost"]) == 3
    made = client.post("/api/v1/usage/budgets", {"name": "All", "limit": "10"})
    assert made.status_code == 201
    standing = api_for(acme, member).get("/api/v1/usage/budgets").json()[0]
    assert (standing["budget"]["name"], standing["state"], standing["share"]) == ("All", "fine", 0)
    address = f"/api/v1/usage/budgets/{made.json()['id']}"
    wish = api_for(acme, member).post(f"{address}/ask", {"note": "please"}).json()
    assert [w["note"] for w in client.get("/api/v1/usage/requests").json()] == ["please"]
    granted = client.post(f"/api/v1/usage/requests/{wish['id']}", {"granted": "5"}).json()
    assert Decimal(granted["granted"]) == 5
    assert client.put(address, {"name": "All", "limit": "20"}).json()["limit"] == "20.00000000"
    assert client.delete(address).status_code == 204
    price = f"/api/v1/usage/prices/{model.pk}"
    assert client.put(price, {"input": "1", "output": "1"}).json()["origin"] == "own"
    assert client.delete(price).json()["origin"] == "none"


def test_names_of_budgets_are_there_once_and_a_target_is_wanted(admin):
    budgets.save_budget(actor=admin, values={"name": "All", "limit": Decimal(1)})
    with pytest.raises(Conflict):
        budgets.save_budget(actor=admin, values={"name": "All", "limit": Decimal(1)})
    with pytest.raises(InvalidInput) as caught:
        budgets.save_budget(actor=admin, values={"name": "B", "scope": "agent", "limit": Decimal(1)})
    assert caught.value.field == "target"


def test_page_asks_as_many_questions_for_many_people(acme, admin, model, used, django_assert_max_num_queries):
    client = client_for(acme, admin)
    client.get("/usage/?by=person")
    today = reports.today()
    UsageDay.objects.bulk_create(
        UsageDay(day=today, dimension="person", key=str(n), label=f"P{n}", calls=1) for n in range(300)
    )
    with django_assert_max_num_queries(16):
        client.get("/usage/?by=person")
