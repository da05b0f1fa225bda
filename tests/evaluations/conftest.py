"""An agent with a set of cases, for the tests of evaluations."""

import pytest

from apps.accounts.services import members
from apps.evaluations.services import sets
from tests.conftest import PASSWORD


@pytest.fixture
def builder(in_acme):
    """Somebody who may change agents, and is no administrator."""
    return members.create_user(email="bo@acme.example", name="Bo", password=PASSWORD, role="builder")


@pytest.fixture
def made(agent, builder):
    """An evaluation set without cases."""
    return sets.save_set(actor=builder, agent=agent, values={"name": "Leave"})


@pytest.fixture
def add(made, builder):
    """Add a case to the set."""

    def case(question="How many days of leave?", expected="28 days", grader="contains", **values):
        about = {"question": question, "expected": expected, "grader": grader, **values}
        return sets.save_case(actor=builder, evaluation_set=made, values=about)

    return case


@pytest.fixture
def evaluate(made, builder, scripted, work_on):
    """Run the set with scripted answers to its end."""
    from apps.evaluations.services import runs

    def evaluated(*turns, is_draft=False):
        if turns:
            scripted.script(*turns)
        row = runs.start_evaluation(actor=builder, evaluation_set=made, is_draft=is_draft)
        work_on()
        row.refresh_from_db()
        return row

    return evaluated
