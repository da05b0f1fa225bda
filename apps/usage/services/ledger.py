"""The way of a metered call: reserved before it is made, settled after, so that nothing is spent that is not there.

A reservation takes the most that the call may cost from every budget that holds for it, in one statement each, which the database lets
happen one after the other. Settling gives it back and takes what the call did cost, in the transaction that stores the call's result.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from apps.core.language import token_estimate
from apps.providers.types import ChatRequest, Usage
from apps.usage.errors import BudgetSpent
from apps.usage.models import NOBODY, Budget, BudgetPeriod, Reservation, UsageDay, UsageRecord
from apps.usage.prices import Rate, rate_of
from apps.usage.services import notices
from apps.usage.types import Call, Outcome

Scope, Measure, Dimension = Budget.Scope, Budget.Measure, UsageDay.Dimension
MARGIN = 1.3  # estimates lie within a quarter below the vendors' own counts
OVERRUN = 1.1  # of what a vendor counts over the output that it was allowed: many calls at once would add up to more than there is
IMAGE_TOKENS = 1_600


# -- before the call ---------------------------------------------------------------------------------------------


def most_tokens(request: ChatRequest) -> Usage:
    """Return what a request may come to at most: its estimated input and all the output that it allows, with margins."""
    texts = [message.text for message in request.messages] + [f"{t.description} {t.parameters}" for t in request.tools]
    images = sum(len(message.images) for message in request.messages)
    read = round(sum(map(token_estimate, texts)) * MARGIN) + images * IMAGE_TOKENS
    return Usage(read, round((request.max_tokens or 0) * OVERRUN))


def reserve(call: Call, most: Usage) -> None:
    """Take the most that a call may cost from its budgets; what an earlier attempt at the same step took is given back.

    Raises BudgetSpent when one has no room: nothing is taken then.
    """
    cost: Decimal | None = None
    periods = periods_of(call)
    try:
        with transaction.atomic():
            _give_back(Reservation.objects.filter(place=call.place))
            for period in periods:
                if cost is None and period.budget.measure == Measure.MONEY:
                    cost = rate_of(call.model).cost_of(most)
                amount = _measured(period.budget, cost or Decimal(0), most)
                if amount and not _take(period, amount):
                    raise _spent(period)
                Reservation.objects.create(
                    period=period, place=call.place, key=call.key, run_id=call.run_id, amount=amount
                )
    except BudgetSpent as error:
        notices.tell_stopped(error.period)
        raise


def require_room(user: object, agent_id: UUID | None, project_id: UUID | None = None) -> None:
    """Raise BudgetSpent when a budget that holds for somebody's call to an agent, in a project, has nothing left."""
    for period in periods_for(user, agent_id, project_id):
        if period.spent >= period.limit:
            raise _spent(period)


def short_of(
    user: object, agent_id: UUID | None, project_id: UUID | None, cost: Decimal, usage: Usage
) -> BudgetPeriod | None:
    """Return the first period that has no room left for so much, None when all that hold have."""
    for period in periods_for(user, agent_id, project_id):
        if period.spent + period.reserved + _measured(period.budget, cost, usage) > period.limit:
            return period
    return None


def periods_of(call: Call) -> list[BudgetPeriod]:
    """Return the present periods, stored, of the budgets that hold for a call."""
    return periods_for(call.user, call.agent_id, getattr(call.project, "pk", None), make=True)


def periods_for(
    user: object, agent_id: UUID | None, project_id: UUID | None = None, *, make: bool = False
) -> list[BudgetPeriod]:
    """Return the present periods of the budgets that hold for such a call, always in the same order."""
    person = getattr(user, "pk", None)
    holds = Q(scope__in=(Scope.TENANT, Scope.EACH)) | Q(scope=Scope.AGENT, object_id=agent_id)
    holds |= Q(scope=Scope.PERSON, object_id=person) | Q(scope=Scope.PROJECT, object_id=project_id)
    found = Budget.objects.filter(holds, is_active=True).order_by("pk")
    return present_periods([b for b in found if b.scope != Scope.EACH or person], person, make=make)


def present_periods(budgets: Sequence[Budget], person: UUID | None, *, make: bool = False) -> list[BudgetPeriod]:
    """Return each budget's present period, a person's own one where each has their own; without `make` new ones are not stored."""
    if not budgets:
        return []
    now = timezone.now()
    wanted = [BudgetPeriod(budget=b, holder=_holder(b, person), start=first_day(b, now)) for b in budgets]
    known = _stored(wanted)
    missing = [period for period in wanted if _place(period) not in known]
    if make and missing:
        BudgetPeriod.objects.bulk_create(missing, ignore_conflicts=True)
        known = _stored(wanted)
    return [known.get(_place(period), period) for period in wanted]


def _stored(wanted: Sequence[BudgetPeriod]) -> dict[tuple[object, ...], BudgetPeriod]:
    """Find the stored ones among these periods, each with its budget."""
    budgets = {period.budget_id: period.budget for period in wanted}
    places = {_place(period) for period in wanted}
    found = BudgetPeriod.objects.filter(
        budget__in=budgets, holder__in={p.holder for p in wanted}, start__in={p.start for p in wanted}
    )
    stored = {_place(period): period for period in found if _place(period) in places}
    for period in stored.values():
        period.budget = budgets[period.budget_id]
    return stored


def _place(period: BudgetPeriod) -> tuple[object, ...]:
    return period.budget_id, str(period.holder), period.start


def _holder(budget: Budget, person: UUID | None) -> UUID | str:
    return person if person and budget.scope == Scope.EACH else NOBODY


def first_day(budget: Budget, now: datetime) -> date:
    """Return the first day (UTC) of the period in which `now` lies."""
    today = now.astimezone(UTC).date()
    return today if budget.period == Budget.Period.DAY else today.replace(day=1)


def next_first_day(period: BudgetPeriod) -> date:
    """Return the first day (UTC) after a period."""
    if period.budget.period == Budget.Period.DAY:
        return period.start + timedelta(days=1)
    return (period.start + timedelta(days=32)).replace(day=1)


def _measured(budget: Budget, cost: Decimal, usage: Usage) -> Decimal:
    return cost if budget.measure == Measure.MONEY else Decimal(usage.input_tokens + usage.output_tokens)


def _take(period: BudgetPeriod, amount: Decimal) -> bool:
    """Reserve an amount if there is room for it, in one statement. False when there is none."""
    after = F("spent") + F("reserved") + amount
    room = BudgetPeriod.objects.alias(after=after).filter(pk=period.pk, after__lte=F("extra") + period.budget.limit)
    return bool(room.update(reserved=F("reserved") + amount))


def _spent(period: BudgetPeriod) -> BudgetSpent:
    resets_on = next_first_day(period)
    begins = datetime(resets_on.year, resets_on.month, resets_on.day, tzinfo=UTC)
    wait_s = max(1, round((begins - timezone.now()).total_seconds()))
    budget = period.budget
    return BudgetSpent(
        name=budget.name, resets_on=resets_on, retry_after_s=wait_s, period=period, is_plan=budget.is_plan
    )


# -- after the call ------------------------------------------------------------------------------------------------


@transaction.atomic
def settle(call: Call, outcome: Outcome) -> UsageRecord | None:
    """Record a call once and book what it cost instead of what was reserved; None when this attempt is recorded already."""
    rate = rate_of(call.model)
    cost = rate.cost_of(outcome.usage)
    _book(call, cost, outcome.usage)
    record, is_new = _record(call, outcome, rate, cost)
    if is_new:
        _add_to_days(record, str(call.model.pk))
    return record if is_new else None


def release(run_id: UUID) -> None:
    """Give back what a run has reserved and will not use."""
    with transaction.atomic():
        _give_back(Reservation.objects.filter(run_id=run_id))


def _give_back(reservations: object) -> None:
    for held in reservations.order_by("period__budget_id").select_for_update():  # type: ignore[attr-defined]
        BudgetPeriod.objects.filter(pk=held.period_id).update(reserved=F("reserved") - held.amount)
        held.delete()


def _book(call: Call, cost: Decimal, usage: Usage) -> None:
    _give_back(Reservation.objects.filter(place=call.place, key=call.key))
    for period in periods_of(call):
        amount = _measured(period.budget, cost, usage)
        if amount:
            BudgetPeriod.objects.filter(pk=period.pk).update(spent=F("spent") + amount)
            notices.warn_when_due(period)


def _record(call: Call, outcome: Outcome, rate: Rate, cost: Decimal) -> tuple[UsageRecord, bool]:
    usage, is_priced = outcome.usage, rate.origin != "none"
    return UsageRecord.objects.get_or_create(
        key=call.key,
        defaults={
            "user_id": getattr(call.user, "pk", None),
            "agent_id": call.agent_id,
            "agent_name": call.agent_name[:80],
            "project_id": getattr(call.project, "pk", None),
            "project_name": str(call.project or "")[:80],
            "run_id": call.run_id,
            "provider_name": call.model.provider.name,
            "model_name": call.model.name,
            "is_answered": outcome.is_answered,
            "is_estimated": outcome.is_estimated,
            "is_kept": outcome.is_kept,
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cached_tokens": usage.cached_tokens,
            "reasoning_tokens": usage.reasoning_tokens,
            "first_token_s": outcome.first_token_s,
            "took_s": outcome.took_s,
            "cost": cost,
            "input_price": rate.input if is_priced else None,
            "output_price": rate.output if is_priced else None,
        },
    )


_ADD = """
INSERT INTO usage_usageday AS known (day, dimension, key, label, calls, failures, input_tokens, output_tokens,
    cached_tokens, reasoning_tokens, cost)
VALUES (%(day)s, %(dimension)s, %(key)s, %(label)s, %(calls)s, %(failures)s, %(input_tokens)s, %(output_tokens)s,
    %(cached_tokens)s, %(reasoning_tokens)s, %(cost)s)
ON CONFLICT (dimension, key, day) DO UPDATE SET label = EXCLUDED.label, calls = known.calls + EXCLUDED.calls,
    failures = known.failures + EXCLUDED.failures, input_tokens = known.input_tokens + EXCLUDED.input_tokens,
    output_tokens = known.output_tokens + EXCLUDED.output_tokens,
    cached_tokens = known.cached_tokens + EXCLUDED.cached_tokens,
    reasoning_tokens = known.reasoning_tokens + EXCLUDED.reasoning_tokens, cost = known.cost + EXCLUDED.cost
"""


def _add_to_days(record: UsageRecord, model_id: str) -> None:
    """Add a record to the sums of its day; the row of all comes last, for everybody waits for that one."""
    counted = {
        "day": record.created_at.astimezone(UTC).date(),
        "calls": 1,
        "failures": 0 if record.is_answered else 1,
        **{f"{name}_tokens": getattr(record, f"{name}_tokens") for name in ("input", "output", "cached", "reasoning")},
        "cost": record.cost,
    }
    places = [(Dimension.MODEL, model_id, str(record))]
    if record.agent_id:
        places.append((Dimension.AGENT, str(record.agent_id), record.agent_name))
    if record.user:
        places.append((Dimension.PERSON, str(record.user.pk), record.user.name))
    if record.project_id:
        places.append((Dimension.PROJECT, str(record.project_id), record.project_name))
    with connection.cursor() as cursor:
        for dimension, key, label in [*sorted(places), (Dimension.TOTAL, "", "")]:
            cursor.execute(_ADD, counted | {"dimension": dimension.value, "key": key, "label": label[:220]})
