"""What administrators fill in about budgets and prices."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.usage.models import Budget

PRICE = {"min_value": Decimal(0), "max_digits": 12, "decimal_places": 6}


class BudgetForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80)
    scope = forms.ChoiceField(label=_("For whom"), choices=Budget.Scope.choices)
    target = forms.CharField(
        label=_("Which agent, project or person"),
        max_length=254,
        required=False,
        help_text=_("The name of an agent or project, or a person's e-mail address, where it is for one of them."),
    )
    limit = forms.DecimalField(label=_("At most"), min_value=Decimal(0), max_digits=20, decimal_places=8)
    measure = forms.ChoiceField(label=_("Counted in"), choices=Budget.Measure.choices)
    period = forms.ChoiceField(label=_("Period"), choices=Budget.Period.choices, initial="month")
    warn_at = forms.IntegerField(label=_("Warn at, in percent"), min_value=1, max_value=100, initial=80)
    is_active = forms.BooleanField(label=_("Switched on"), required=False, initial=True)

    def __init__(self, *args: Any, row: Budget | None = None, **kwargs: Any) -> None:
        if row:
            known = {name: getattr(row, name) for name in self.base_fields if name != "target"}
            known |= {"target": row.object_name, "limit": row.limit.normalize()}
            kwargs["initial"] = known
        super().__init__(*args, **kwargs)
        self.row = row

    def values(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "target"}


class GrantForm(forms.Form):
    granted = forms.DecimalField(min_value=Decimal(0), max_digits=20, decimal_places=8)


class PriceForm(forms.Form):
    """Dollars for a million tokens; all empty: as listed."""

    input = forms.DecimalField(required=False, **PRICE)  # type: ignore[arg-type]
    output = forms.DecimalField(required=False, **PRICE)  # type: ignore[arg-type]
    cached = forms.DecimalField(required=False, **PRICE)  # type: ignore[arg-type]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if (found.get("input") is None) != (found.get("output") is None):
            raise forms.ValidationError(_("Write both prices, in and out, or neither."))
        return found

    def values(self) -> dict[str, Any] | None:
        """Return the prices, None to go back to the listed ones."""
        return self.cleaned_data if self.cleaned_data.get("input") is not None else None
