"""Figures of experiments as people read them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

NAMES = {
    "rating": gettext_lazy("Answers called good"),
    "failures": gettext_lazy("Answers that failed"),
    "rules": gettext_lazy("Stopped by a rule"),
    "cost": gettext_lazy("Cost of an answer"),
    "latency": gettext_lazy("Time to answer"),
}
SHARES = frozenset({"rating", "failures", "rules"})


@dataclass(frozen=True)
class Figure:
    """A value in words, and the range that it may lie in."""

    value: str = "–"
    range: str = ""


@dataclass(frozen=True)
class FigureRow:
    """A measure on both sides and between them; `is_sure`: the difference is no chance, `is_goal`: it decides."""

    name: str
    control: Figure
    challenger: Figure
    difference: Figure
    is_sure: bool
    is_goal: bool


def rows_of(measures: Mapping[str, Mapping[str, Any]], goal: str) -> list[FigureRow]:
    """Return what is measured, what decides first."""
    names = sorted(measures, key=lambda name: (name != goal, list(NAMES).index(name)))
    return [_row(name, measures[name], goal) for name in names]


def _row(name: str, told: Mapping[str, Any], goal: str) -> FigureRow:
    between = told["difference"]
    is_sure = between is not None and (between["low"] > 0 or between["high"] < 0)
    control, challenger = (_figure(name, told[side]) for side in ("control", "challenger"))
    return FigureRow(
        str(NAMES[name]), control, challenger, _figure(name, between, is_signed=True), is_sure, name == goal
    )


def _figure(name: str, told: Mapping[str, Any] | None, *, is_signed: bool = False) -> Figure:
    """Write a value with its interval: 81 %, 74 to 87; or +0.4 s, −0.1 to 0.9."""
    if told is None:
        return Figure()
    value, low, high = (_number(name, told[key]) for key in ("value", "low", "high"))
    sign = "+" if is_signed and told["value"] > 0 else ""
    words = _("%(low)s to %(high)s") % {"low": low, "high": high}
    return Figure(sign + _with_unit(name, value, is_signed=is_signed), words)


def _with_unit(name: str, number: str, *, is_signed: bool) -> str:
    if name in SHARES:
        return _("%(n)s points") % {"n": number} if is_signed else _("%(n)s %%") % {"n": number}
    return f"{number} {'s' if name == 'latency' else '$'}"


def _number(name: str, value: float) -> str:
    if name in SHARES:
        return number_format(round(100 * value, 1), decimal_pos=1)
    return number_format(round(value, 2 if name == "latency" else 5), decimal_pos=2 if name == "latency" else 5)
