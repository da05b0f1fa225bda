"""What an organisation's plan allows, as the rest of the product asks for it: read through the caches, dropped when it changes."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from apps.core.caches import MEMORY, REDIS, Level, ReadThrough
from apps.core.tenancy import current_tenant, public_context
from apps.tenants.models import Tenant

KEPT = ReadThrough("plan", words=_("The organisation's plan"), levels=(Level(MEMORY, 60), Level(REDIS, 60)))


@dataclass(frozen=True)
class Allowance:
    """Limits of a plan; None is no limit. Money is in US dollars."""

    plan: str = ""
    tokens_a_month: int | None = None
    money_a_month: Decimal | None = None
    requests_a_minute: int | None = None


def allowance() -> Allowance:
    """Return what the active tenant's plan allows; everything without a plan."""
    return KEPT.get("allowance", _read)


def _read() -> Allowance:
    tenant_id = current_tenant().id
    with public_context():
        plan = Tenant.objects.select_related("plan").get(pk=tenant_id).plan
    if plan is None:
        return Allowance()
    return Allowance(plan.name, plan.tokens_a_month, plan.money_a_month, plan.requests_a_minute)
