"""Calls are priced, recorded once and summed; budgets hold before the call; what is unsure is given back."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from apps.providers.models import Provider, ProviderModel
from apps.providers.types import ChatMessage, ChatRequest, Image, Usage
from apps.usage import prices
from apps.usage.errors import BudgetSpent
from apps.usage.models import Budget, BudgetPeriod, Price, Reservation, UsageDay, UsageRecord
from apps.usage.services import ledger
from apps.usage.types import Call, Outcome

pytestmark = pytest.mark.django_db
MILLION = 1_000_000


def call_of(model, user, number=0, **fields):
    return Call(f"key-{number}", f"place-{number}", model, user, **fields)


def budget(limit="1.00", **fields):
    return Budget.objects.create(name=f"B {uuid4()}", limit=Decimal(limit), **fields)


def only_period():
    return BudgetPeriod.objects.get()


def test_listed_price_of_each_vendor_and_none_for_ones_own(in_acme):
    assert prices.listed_rate("openai", "gpt-4o").input == Decimal("2.5")
    assert prices.listed_rate("openai", "gpt-4o").origin == "listed"
    for kind, name in (
        ("anthropic", "claude-sonnet-4-5"),
        ("gemini", "gemini-2.5-flash"),
        ("openai_responses", "gpt-5"),
    ):
        rate = prices.listed_rate(kind, name)
        assert rate.output > rate.input > rate.cached > 0, kind
    assert prices.listed_rate("openai", "nobody-knows-it").origin == "none"
    assert prices.listed_rate("ollama", "llama3").cost_of(Usage(MILLION, MILLION)) == 0


def test_own_price_goes_before_the_listed_one(in_acme):
    provider = Provider.objects.create(name="O", kind="openai", base_url="https://api.openai.com/v1")
    model = ProviderModel.objects.create(provider=provider, name="gpt-4o")
    assert prices.rate_of(model).origin == "listed"
    Price.objects.create(model=model, input=Decimal("0.5"), output=1)
    assert prices.rate_of(model) == prices.Rate(Decimal("0.5"), Decimal(1), Decimal("0.5"), "own")


def test_cached_tokens_cost_their_own_price():
    rate = prices.Rate(Decimal(10), Decimal(20), Decimal(1), "own")
    assert rate.cost_of(Usage(MILLION, MILLION, cached_tokens=MILLION // 2)) == Decimal("25.5")


def test_call_is_recorded_once_and_summed_by_day(model, member):
    agent = uuid4()
    call = call_of(model, member, agent_id=agent, agent_name="Guide")
    outcome = Outcome(Usage(1000, 500, 100, 20), True, took_s=1.5, first_token_s=0.2)
    record = ledger.settle(call, outcome)
    assert ledger.settle(call, outcome) is None
    assert (record.cost, record.input_price, record.output_price) == (Decimal("0.002"), 1, 2)
    assert (record.provider_name, record.model_name, record.agent_name) == ("Priced", "m", "Guide")
    sums = {row.dimension: row for row in UsageDay.objects.all()}
    assert set(sums) == {"total", "agent", "model", "person"}
    assert all((row.calls, row.input_tokens, row.cost) == (1, 1000, Decimal("0.002")) for row in sums.values())
    assert (sums["agent"].label, sums["person"].label, sums["model"].label) == ("Guide", member.name, "Priced: m")
    ledger.settle(call_of(model, member, 1), Outcome(Usage(), False))
    total = UsageDay.objects.get(dimension="total")
    assert (total.calls, total.failures, total.input_tokens) == (2, 1, 1000)


def test_budget_holds_before_the_call_and_books_after_it(model, member):
    budget("1.00")
    call = call_of(model, member)
    ledger.reserve(call, Usage(100_000, 200_000))
    assert (only_period().reserved, only_period().spent) == (Decimal("0.5"), 0)
    with pytest.raises(BudgetSpent) as caught:
        ledger.reserve(call_of(model, member, 1), Usage(600_000, 0))
    assert "is spent" in str(caught.value.message) and caught.value.retry_after_s > 0
    assert Reservation.objects.count() == 1
    ledger.settle(call, Outcome(Usage(100_000, 50_000), True))
    assert (only_period().reserved, only_period().spent) == (0, Decimal("0.2"))
    ledger.reserve(call_of(model, member, 1), Usage(600_000, 0))


def test_resumed_step_does_not_reserve_twice_and_a_run_that_ends_gives_back(model, member):
    budget("1.00")
    run = uuid4()
    for _ in range(3):
        ledger.reserve(call_of(model, member, run_id=run), Usage(500_000, 0))
    assert only_period().reserved == Decimal("0.5")
    ledger.release(run)
    assert only_period().reserved == 0 and not Reservation.objects.exists()


def test_tokens_are_counted_where_the_budget_says_so(model, member):
    budget("1000", measure=Budget.Measure.TOKENS)
    with pytest.raises(BudgetSpent):
        ledger.reserve(call_of(model, member), Usage(600, 500))
    ledger.reserve(call_of(model, member), Usage(500, 500))


def test_model_without_a_price_needs_no_money(model, member):
    Price.objects.all().delete()
    budget("0")
    ledger.reserve(call_of(model, member), Usage(MILLION, MILLION))


def test_budget_of_an_agent_of_a_person_and_of_each(model, member, admin):
    agent = uuid4()
    budget("0.1", scope="agent", object_id=agent)
    budget("0.1", scope="person", object_id=admin.pk)
    most = Usage(200_000, 0)
    ledger.reserve(call_of(model, member, 1), most)
    for number, fields in ((2, {"user": member, "agent_id": agent}), (3, {"user": admin})):
        with pytest.raises(BudgetSpent):
            ledger.reserve(Call(f"k{number}", f"p{number}", model, **fields), most)
    Budget.objects.all().delete()
    budget("0.3", scope="each")
    ledger.reserve(call_of(model, member, 4), most)
    ledger.reserve(call_of(model, admin, 5), most)
    with pytest.raises(BudgetSpent):
        ledger.reserve(call_of(model, member, 6), most)


def test_periods_end_with_the_day_and_the_month():
    day, month = Budget(period="day"), Budget(period="month")
    late = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    assert ledger.first_day(day, late).isoformat() == "2026-12-31"
    assert ledger.first_day(month, late).isoformat() == "2026-12-01"
    assert (
        ledger.next_first_day(BudgetPeriod(budget=month, start=ledger.first_day(month, late))).isoformat()
        == "2027-01-01"
    )
    assert (
        ledger.next_first_day(BudgetPeriod(budget=day, start=ledger.first_day(day, late))).isoformat() == "2027-01-01"
    )


def test_warning_and_stop_are_told_once(model, member, admin, mailoutbox, django_capture_on_commit_callbacks):
    from apps.audit.models import AuditEvent

    budget("1.00", warn_at=50)
    with django_capture_on_commit_callbacks(execute=True):
        for number in range(3):
            ledger.reserve(call_of(model, member, number), Usage(300_000, 0))
            ledger.settle(call_of(model, member, number), Outcome(Usage(300_000, 0), True))
        for number in range(3, 6):
            with pytest.raises(BudgetSpent):
                ledger.reserve(call_of(model, member, number), Usage(300_000, 0))
    told = list(AuditEvent.objects.filter(action__startswith="budget.").values_list("action", flat=True))
    assert sorted(told) == ["budget.spent", "budget.warned"]
    subjects = [message.subject for message in mailoutbox if message.to == [admin.email]]
    assert len(subjects) == 2


def test_estimate_is_above_what_vendors_count_for_prose():
    text = "The canteen opens at a quarter to twelve and closes at a quarter past two. " * 20
    most = ledger.most_tokens(
        ChatRequest("m", (ChatMessage("user", text, images=(Image("image/png", b""),)),), max_tokens=50)
    )
    assert 320 * 1.0 < most.input_tokens - ledger.IMAGE_TOKENS < 320 * 2 and most.output_tokens == 55
