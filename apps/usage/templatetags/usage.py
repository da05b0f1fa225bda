"""How amounts of money and tokens are written."""

from decimal import Decimal
from typing import Any

from django import template
from django.utils import formats
from django.utils.translation import ngettext

from apps.usage.models import Budget

register = template.Library()


@register.filter
def dollars(amount: Any) -> str:
    """Write US dollars: two digits from a cent on, four below it."""
    value = Decimal(amount or 0)
    digits = 2 if value == 0 or abs(value) >= Decimal("0.01") else 4
    return f"US$ {formats.number_format(value, digits, use_l10n=True, force_grouping=True)}"


@register.filter
def count(amount: Any) -> str:
    """Write a whole number with its groups of thousands."""
    return formats.number_format(int(amount or 0), 0, use_l10n=True, force_grouping=True)


@register.filter
def measured(amount: Any, budget: Budget) -> str:
    """Write an amount in what its budget is counted in."""
    if budget.measure == Budget.Measure.MONEY:
        return dollars(amount)
    tokens = int(amount or 0)
    return ngettext("%(n)s token", "%(n)s tokens", tokens) % {"n": count(tokens)}
