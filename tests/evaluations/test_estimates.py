"""The intervals of experiments: right for what is known, honest about people, and seldom wrong when nothing differs."""

import random
from math import isclose, sqrt

import pytest

from apps.evaluations.estimates import STRICT_Z, USUAL_Z, Difference, Estimate, difference, mean, share
from apps.evaluations.measuring import LEAST_PEOPLE


def test_mean_of_one_answer_each_is_the_textbooks():
    values = [1.0, 2.0, 4.0, 7.0, 6.0]
    found = mean([(value, 1) for value in values])
    deviation = sqrt(sum((value - 4.0) ** 2 for value in values) / 4)
    assert (found.value, found.people, found.count) == (4.0, 5, 5)
    assert isclose(found.high - found.value, USUAL_Z * deviation / sqrt(5))


def test_share_of_one_answer_each_is_wilsons():
    found = share([(1, 1)] * 15 + [(0, 1)] * 5)
    assert (round(found.low, 4), found.value, round(found.high, 4)) == (0.5313, 0.75, 0.8881)  # Wilson, 15 of 20


def test_one_who_asks_often_is_one_person():
    many = share([(90, 100), *[(0, 1), (1, 1)] * 4])
    assert many.count == 108 and round(many.value, 2) == 0.54 and many.high - many.low > 0.5
    assert mean([(900.0, 100), *[(1.0, 1)] * 9]).value == 1.8


def test_where_all_are_of_one_mind_the_interval_has_a_width():
    alike = share([(20, 20)] * 5)
    assert isclose(alike.low, 5 / (5 + USUAL_Z**2)) and alike.high == 1.0  # as five answers are worth
    assert share([(1, 2)] * 5).count == 10


def test_nothing_is_said_of_a_few():
    assert mean([(3.0, 9)] * 4) is None and share([(3, 9), (0, 0)] * 4) is None and share([]) is None


def test_difference_is_sure_where_the_intervals_are_far_apart():
    low, high = Estimate(0.2, 0.15, 0.26, 50, 200), Estimate(0.6, 0.53, 0.67, 50, 200)
    told = difference(low, high)
    assert told.sign == 1 and difference(high, low).sign == -1 and isclose(told.value, 0.4)
    assert Difference(0.1, -0.05, 0.2).sign == 0


def people(rng, chance, count):
    """People who each ask one to nine times, and of whom some are easier to please."""
    rows = []
    for _person in range(count):
        own = min(1.0, max(0.0, rng.gauss(chance, 0.15)))
        asked = rng.randint(1, 9)
        rows.append((sum(rng.random() < own for _answer in range(asked)), asked))
    return rows


def concluded(rng, chances, *, looks=10, each=12):
    """Look again and again, as an experiment does: strictly before the end, usually at it; the sign that it ended with."""
    sides = [[], []]
    for look in range(1, looks + 1):
        for side, chance in zip(sides, chances, strict=True):
            side += people(rng, chance, each)
        z = USUAL_Z if look == looks else STRICT_Z
        found = [share(side, z) for side in sides]
        sign = difference(*found).sign if None not in found and look * each >= LEAST_PEOPLE else 0
        if sign:
            return sign
    return 0


@pytest.mark.parametrize("chance", [0.1, 0.7])
def test_nothing_is_found_where_nothing_is(chance):
    rng = random.Random(7)
    wrong = sum(concluded(rng, (chance, chance)) != 0 for _experiment in range(500))
    assert wrong / 500 < 0.09  # 5 % are meant at the end, and a little for the looks before it


def test_what_is_there_is_found():
    rng = random.Random(7)
    signs = [concluded(rng, (0.6, 0.75)) for _experiment in range(100)]
    assert signs.count(1) > 90 and -1 not in signs
