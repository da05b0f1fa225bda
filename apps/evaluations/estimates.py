"""What the figures of an experiment are worth: a value with the interval that it may lie in.

People are assigned to a side, so people are what is counted, each alike: somebody who asks a hundred times is one witness, not a hundred. A mean
is that of people's own means. A share takes Wilson's interval (1927) with as many answers as the spread between people says that they are
worth, so that it stays between 0 and 1 and has a width where all are of one mind. Two sides are compared by the intervals of both (MOVER; Zou
and Donner 2008).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

USUAL_Z, STRICT_Z = 1.959964, 3.290527
"""Two-sided 95 % for the last look, and 99.9 % for those before (Haybittle 1971, Peto 1976)."""
LEAST_SAID = 5
"""People below whom nothing is said."""


@dataclass(frozen=True)
class Estimate:
    """A value between `low` and `high`, from `count` answers to `people`."""

    value: float
    low: float
    high: float
    people: int
    count: int


@dataclass(frozen=True)
class Difference:
    """How much more the challenger has than the control; the interval leaves 0 out where that is no chance."""

    value: float
    low: float
    high: float

    @property
    def sign(self) -> int:
        """1 for surely more, -1 for surely less, 0 for neither."""
        return int(self.low > 0) - int(self.high < 0)


Sums = Sequence[tuple[float, int]]
"""For each person the sum of what is measured, and of how many answers."""


def mean(sums: Sums, z: float = USUAL_Z) -> Estimate | None:
    """Return the mean of people's means; None for fewer than LEAST_SAID."""
    own, answers = _own(sums)
    if len(own) < LEAST_SAID:
        return None
    value = sum(own) / len(own)
    half = z * math.sqrt(sum((each - value) ** 2 for each in own) / (len(own) - 1) / len(own))
    return Estimate(value, value - half, value + half, len(own), answers)


def share(sums: Sums, z: float = USUAL_Z) -> Estimate | None:
    """Return the mean of people's shares of answers that something holds for; None for fewer than LEAST_SAID."""
    own, answers = _own(sums)
    if len(own) < LEAST_SAID:
        return None
    value = sum(own) / len(own)
    low, high = _wilson(value, _worth(own, value, answers), z)
    return Estimate(value, low, high, len(own), answers)


def _own(sums: Sums) -> tuple[list[float], int]:
    """Return what each person has on average, of those who have an answer, and how many answers there are."""
    counted = [(total, count) for total, count in sums if count]
    return [total / count for total, count in counted], sum(count for _total, count in counted)


def difference(control: Estimate, challenger: Estimate) -> Difference:
    """Return by how much the challenger is above the control."""
    value = challenger.value - control.value
    below = math.hypot(challenger.value - challenger.low, control.high - control.value)
    above = math.hypot(challenger.high - challenger.value, control.value - control.low)
    return Difference(value, value - below, value + above)


def _worth(own: Sequence[float], value: float, answers: int) -> float:
    """Return how many independent answers people's shares are worth: as many as people at least, as many as answers at most."""
    spread = sum((each - value) ** 2 for each in own) / len(own)
    alone = value * (1 - value)
    if not alone:
        return float(len(own))
    return float(answers) if not spread else min(float(answers), len(own) * alone / spread)


def _wilson(value: float, count: float, z: float) -> tuple[float, float]:
    middle = (value + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(value * (1 - value) / count + z * z / (4 * count * count))
    return max(0.0, middle - half), min(1.0, middle + half)
