"""An organisation's plan is kept as budgets that it cannot change."""

from decimal import Decimal
from typing import Any

from django.db import transaction

from apps.tenants.events import plan_changed, tenant_provisioned
from apps.tenants.plans import Allowance, allowance
from apps.usage.models import Budget


def connect() -> None:
    """Bind the receivers; called once at start."""
    plan_changed.connect(follow_plan)
    tenant_provisioned.connect(follow_plan)


@transaction.atomic
def follow_plan(sender: Any, **kwargs: Any) -> None:
    """Bring the plan's budgets to what it allows now; one whose limit is gone goes with what it counted."""
    allowed = allowance()
    wanted = {
        Budget.Measure.TOKENS: None if allowed.tokens_a_month is None else Decimal(allowed.tokens_a_month),
        Budget.Measure.MONEY: allowed.money_a_month,
    }
    for measure, limit in wanted.items():
        rows = Budget.objects.filter(is_plan=True, measure=measure)
        if limit is None:
            rows.delete()
            continue
        name = _name(allowed, measure)
        defaults = {"name": name, "limit": limit, "period": Budget.Period.MONTH, "scope": Budget.Scope.TENANT}
        Budget.objects.update_or_create(is_plan=True, measure=measure, defaults=defaults | {"is_active": True})


def _name(allowed: Allowance, measure: str) -> str:
    """Name a budget after the plan; what the organisation named so itself keeps its name."""
    name = f"{allowed.plan} ({measure})"
    is_taken = Budget.objects.filter(name=name, is_plan=False).exists()
    return f"{name} – plan" if is_taken else name
