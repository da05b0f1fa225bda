"""Setting budgets and prices, seeing how far they are spent, asking for more."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services.members import people_who_may
from apps.audit.services.trail import record
from apps.core.errors import Conflict, InvalidInput
from apps.core.language import one_line
from apps.core.limits import Limit, spend
from apps.core.permissions import require
from apps.core.tenancy import current_tenant
from apps.mails.services import send
from apps.projects.models import Project
from apps.providers.models import ProviderModel
from apps.usage import actions, registry
from apps.usage.models import Budget, BudgetPeriod, BudgetRequest, Price
from apps.usage.services.ledger import next_first_day, present_periods

VIEW, CHANGE = "usage.view_budget", "usage.change_budget"
FIELDS = ("name", "scope", "object_id", "object_name", "period", "measure", "limit", "warn_at", "is_active")
ASKED = Limit("ask-budget", amount=10, per_s=3600)
Scope = Budget.Scope
ONES = (Scope.PROJECT, Scope.AGENT, Scope.PERSON)


@dataclass(frozen=True)
class Standing:
    """How far a budget is spent; `share` is in percent of all that may be spent, at most 100."""

    budget: Budget
    period: BudgetPeriod

    @property
    def share(self) -> int:
        if not self.period.limit:
            return 100
        return min(100, int((self.period.spent + self.period.reserved) * 100 / self.period.limit))

    @property
    def resets_on(self) -> Any:
        return next_first_day(self.period)

    @property
    def state(self) -> str:
        """Say "spent", "near" or "fine"."""
        if self.period.spent >= self.period.limit or self.period.stopped_at:
            return "spent"
        return "near" if self.share >= self.budget.warn_at else "fine"


def standings(actor: Any) -> list[Standing]:
    """Return how far every budget is spent; those for each person as the actor's own. Raises Forbidden."""
    require(actor, VIEW)
    found = present_periods(list(Budget.objects.all()), getattr(actor, "pk", None))
    return [Standing(period.budget, period) for period in found]


def own_standings(user: Any) -> list[Standing]:
    """Return how far the budgets are spent that hold for a person's calls, whichever agent and project they are for."""
    found = present_periods(list(_holding(user)), user.pk)
    return [Standing(period.budget, period) for period in found]


def _holding(user: Any) -> QuerySet[Budget]:
    holds = Q(scope__in=(Scope.TENANT, Scope.EACH)) | Q(scope=Scope.PERSON, object_id=user.pk)
    holds |= Q(scope=Scope.PROJECT, object_id__in=Project.objects.usable_by(user).values("pk"))
    for scope, reached in registry.reached_by(user).items():
        holds |= Q(scope=scope, object_id__in=reached.values("pk"))
    return Budget.objects.filter(holds, is_active=True)


def target_named(scope: str, text: str, budget: Budget | None) -> Any:
    """Find the agent or project (by name) or the person (by e-mail address) that a budget is for.

    None: none, or as it was. Raises InvalidInput.
    """
    text = text.strip()
    if scope not in ONES or (budget and budget.scope == scope and text in ("", budget.object_name)):
        return None
    target = _found(scope, text)
    if target is None:
        raise InvalidInput(_("There is no such agent, project or person."), field="target")
    return target


def _found(scope: str, text: str) -> Any:
    if scope == Scope.PERSON:
        return User.objects.filter(email__iexact=text).first()
    return Project.objects.filter(name=text).first() if scope == Scope.PROJECT else registry.found(scope, text)


def askable(user: Any) -> QuerySet[Budget]:
    """Return the budgets of which a person may ask for more: those that hold for their calls."""
    return _holding(user).filter(is_plan=False)


@transaction.atomic
def save_budget(*, actor: Any, values: Mapping[str, Any], target: Any = None, budget: Budget | None = None) -> Budget:
    """Set a budget, or change one; `target` is the agent, project or person that it is for.

    Raises Forbidden, InvalidInput with the field, Conflict for a name that is taken.
    """
    require(actor, CHANGE)
    _require_own(budget)
    row = budget or Budget()
    before = _told(row) if budget else None
    for field in ("name", "scope", "period", "measure", "limit", "warn_at", "is_active"):
        if field in values:
            setattr(row, field, values[field])
    _check(row)
    _aim(row, target)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise Conflict(_("There is a budget of this name already.")) from error
    action = actions.BUDGET_CHANGED if budget else actions.BUDGET_ADDED
    record(action, actor=actor, target=row, before=before, after=_told(row))
    return row


def _require_own(budget: Budget | None) -> None:
    if budget is not None and budget.is_plan:
        raise Conflict(_("This limit comes from your organisation's plan. Those who run the platform can change it."))


def _check(row: Budget) -> None:
    row.name = row.name.strip()
    if not row.name:
        raise InvalidInput(_("Give the budget a name."), field="name")
    if row.limit is None or row.limit < 0:
        raise InvalidInput(_("Write how much may be spent."), field="limit")


def _aim(row: Budget, target: Any) -> None:
    if row.scope not in ONES:
        row.object_id, row.object_name = None, ""
    elif target is not None:
        row.object_id, row.object_name = target.pk, str(getattr(target, "name", target))[:120]
    elif row.object_id is None:
        raise InvalidInput(_("Choose for which agent, project or person it is."), field="target")


@transaction.atomic
def remove_budget(*, actor: Any, budget: Budget) -> None:
    """Remove a budget: what it held back is free to be spent. Raises Forbidden."""
    require(actor, CHANGE)
    _require_own(budget)
    record(actions.BUDGET_REMOVED, actor=actor, target=budget, before=_told(budget))
    budget.delete()


# -- asking for more -----------------------------------------------------------------------------------------------


@transaction.atomic
def ask_for_more(*, actor: Any, budget: Budget, note: str = "") -> BudgetRequest:
    """Tell those who set budgets that somebody needs more in this period; asking twice changes the reason.

    Raises TooManyRequests.
    """
    spend(ASKED, str(actor.pk))
    note = one_line(note, 300)
    [period] = present_periods([budget], actor.pk, make=True)
    asked, is_new = BudgetRequest.objects.update_or_create(
        period=period, asked_by=actor, answered_at=None, defaults={"note": note}
    )
    record(actions.MORE_ASKED, actor=actor, target=budget, after={"note": note})
    if is_new:
        url = current_tenant().address("/usage/budgets/")
        for person in people_who_may("usage", "change_budget"):
            send("usage/email/more_asked", to=person.email, language=person.language, asked=asked, url=url)
    return asked


@transaction.atomic
def answer_request(*, actor: Any, asked: BudgetRequest, granted: Decimal) -> None:
    """Add to the budget's present period (0: nothing) and tell who asked. Raises Forbidden, InvalidInput."""
    require(actor, CHANGE)
    if granted < 0:
        raise InvalidInput(_("Write how much is added, or 0."), field="granted")
    asked = BudgetRequest.objects.select_for_update().get(pk=asked.pk)
    if asked.answered_at is not None:
        return
    asked.answered_by, asked.answered_at, asked.granted = actor, timezone.now(), granted
    asked.save()
    period = BudgetPeriod.objects.select_for_update().select_related(None).get(pk=asked.period_id)
    if granted:
        period.extra += granted
        period.warned_at = period.stopped_at = None
        period.save(update_fields=["extra", "warned_at", "stopped_at"])
    record(actions.MORE_ANSWERED, actor=actor, target=period.budget, after={"granted": str(granted)})
    person, url = asked.asked_by, current_tenant().address("/usage/")
    send("usage/email/more_answered", to=person.email, language=person.language, asked=asked, url=url)


def open_requests(actor: Any) -> list[BudgetRequest]:
    """Return the wishes that nobody has answered. Raises Forbidden."""
    require(actor, CHANGE)
    return list(BudgetRequest.objects.filter(answered_at=None).select_related("period__budget", "asked_by"))


# -- prices ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def set_price(*, actor: Any, model: ProviderModel, values: Mapping[str, Decimal | None] | None) -> None:
    """Set what a model costs here (`input`, `output`, `cached`: dollars for a million tokens); None: as listed. Raises Forbidden."""
    require(actor, CHANGE)
    if values is None:
        Price.objects.filter(model=model).delete()
        record(actions.PRICE_REMOVED, actor=actor, target=model)
        return
    Price.objects.update_or_create(model=model, defaults=dict(values))
    record(actions.PRICE_SET, actor=actor, target=model, after={name: str(value) for name, value in values.items()})


def _told(row: Budget) -> dict[str, Any]:
    return {field: str(value) if (value := getattr(row, field)) is not None else None for field in FIELDS}
