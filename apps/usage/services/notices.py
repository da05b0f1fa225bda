"""Telling people that a budget is nearly or wholly spent: once a period, those who set budgets and whose it is."""

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.services.members import people_who_may
from apps.audit.actions import Action
from apps.audit.services.trail import record
from apps.core.tenancy import current_tenant
from apps.mails.services import send
from apps.usage import actions
from apps.usage.models import Budget, BudgetPeriod


def warn_when_due(period: BudgetPeriod) -> None:
    """Tell, once, that a period has reached the share at which its budget warns."""
    budget = period.budget
    due = BudgetPeriod.objects.filter(pk=period.pk, warned_at=None)
    reached = due.filter(spent__gte=(F("extra") + budget.limit) * budget.warn_at / 100, spent__gt=0)
    if reached.update(warned_at=timezone.now()):
        _tell(period, actions.BUDGET_WARNED, "budget_warning")


@transaction.atomic
def tell_stopped(period: BudgetPeriod) -> None:
    """Tell, once, that a call was not made for want of budget."""
    if BudgetPeriod.objects.filter(pk=period.pk, stopped_at=None).update(stopped_at=timezone.now()):
        _tell(period, actions.BUDGET_SPENT, "budget_spent")


def _tell(period: BudgetPeriod, action: Action, mail: str) -> None:
    period.refresh_from_db(fields=["spent", "reserved", "extra"])
    after = {"spent": str(period.spent), "limit": str(period.limit)}
    record(action, actor=None, target=period.budget, after=after)
    url = current_tenant().address("/usage/budgets/")
    for person in _concerned(period):
        send(f"usage/email/{mail}", to=person.email, language=person.language, period=period, url=url)


def _concerned(period: BudgetPeriod) -> list[User]:
    people = {person.pk: person for person in people_who_may("usage", "change_budget")}
    budget = period.budget
    owner = {Budget.Scope.PERSON: budget.object_id, Budget.Scope.EACH: period.holder}.get(Budget.Scope(budget.scope))
    if owner:
        people |= {person.pk: person for person in User.objects.filter(pk=owner, is_active=True, is_service=False)}
    return list(people.values())
