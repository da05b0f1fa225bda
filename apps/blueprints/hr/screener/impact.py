"""Whether those who are invited differ by group: rates of selection, the four-fifths rule, and how likely chance alone is.

29 CFR 1607.4 D: a rate below four fifths of the highest is generally regarded as evidence of adverse impact. Fisher's exact test, two-sided,
says how often a difference as large comes up when groups do not matter; with few people it says little.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import comb

from apps.blueprints.figures import Figure
from apps.blueprints.hr.screener.results import GroupRate, Impact

FOUR_FIFTHS = Decimal("0.8")
UNKNOWN = "–"


def impact_of(attribute: str, groups: Mapping[str, str], invited: Sequence[str]) -> Impact:
    """Return the rates of an attribute's groups, by candidate; those whose group is not known make a group of their own."""
    names = sorted(set(groups.values()))
    counted = {
        name: (
            sum(group == name and who in invited for who, group in groups.items()),
            sum(group == name for group in groups.values()),
        )
        for name in names
    }
    best = max(names, key=lambda name: (Decimal(counted[name][0]) / counted[name][1], -names.index(name)))
    return Impact(attribute=attribute, best=best, rates=[_rate(name, counted[name], counted[best]) for name in names])


def _rate(name: str, own: tuple[int, int], best: tuple[int, int]) -> GroupRate:
    rate, highest = Decimal(own[0]) / own[1], Decimal(best[0]) / best[1]
    ratio = rate / highest if highest else Decimal(1)
    return GroupRate(
        group=name,
        invited=own[0],
        people=own[1],
        rate=Figure(value=_cut(rate), how=f"{own[0]} / {own[1]}"),
        ratio=Figure(value=_cut(ratio), how=f"({own[0]} / {own[1]}) / ({best[0]} / {best[1]})"),
        chance=Decimal(str(round(fisher(own[0], own[1] - own[0], best[0], best[1] - best[0]), 4))),
        is_below=ratio < FOUR_FIFTHS,
    )


def fisher(a: int, b: int, c: int, d: int) -> float:
    """Return the two-sided p-value of Fisher's exact test of a table of two rows (a, b) and (c, d)."""
    rows, column, total = (a + b, c + d), a + c, a + b + c + d

    def weight(x: int) -> int:
        return comb(rows[0], x) * comb(rows[1], column - x)

    possible = range(max(0, column - rows[1]), min(rows[0], column) + 1)
    as_rare = [weight(x) for x in possible if weight(x) <= weight(a)]
    return sum(as_rare) / comb(total, column)


def _cut(number: Decimal) -> Decimal:
    return number.quantize(Decimal("0.001"))
