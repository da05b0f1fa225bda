"""A run ends at its caps on tokens and minutes, and what it wrote stays."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.agents.caps import worked_s
from apps.agents.models import Run
from apps.agents.services import runs, tools
from apps.tenants.options import RUN_MINUTES, RUN_TOKENS
from apps.tenants.services import set_option
from tests.standin.server import calls, says

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(agent, member, admin_user, scripted):
    """A run whose model works something out before it answers."""
    tools.set_tools(actor=admin_user, agent=agent, wanted=[{"tool": "calculate"}])
    step = ("calculate", {"expression": "1 + 1"})
    scripted.script(calls(*step, text="First."), calls(*step, text="Second."), says("Last."))
    return runs.start_run(actor=member, agent=agent, question="Sum?")


def ended(run):
    run.refresh_from_db()
    return run.state, run.error_code, run.answer


def test_tokens(run, admin_user, work):
    set_option(actor=admin_user, option=RUN_TOKENS, value=RUN_TOKENS.least)
    Run.objects.filter(pk=run.pk).update(input_tokens=RUN_TOKENS.least - 1)
    work("agents")
    assert ended(run) == ("failed", "tokens_used_up", "First.")


def test_minutes_of_work(run, admin_user, work):
    set_option(actor=admin_user, option=RUN_MINUTES, value=1)
    early = timezone.now() - timedelta(minutes=2)
    payload = {"call_id": "x", "result": "{}", "is_inside": True}
    inside = run.events.create(
        number=1, kind="tool", name="x", payload=payload, started_at=early, finished_at=timezone.now()
    )
    assert worked_s(run) == 0, "what a program calls is in the program's own time"
    inside.delete()
    run.events.create(number=1, kind="intent", name="x", started_at=early, finished_at=timezone.now())
    work("agents")
    assert ended(run) == ("failed", "time_used_up", "")


def test_waiting_counts_for_nothing(run, admin_user, work):
    set_option(actor=admin_user, option=RUN_MINUTES, value=1)
    Run.objects.filter(pk=run.pk).update(
        created_at=timezone.now() - timedelta(days=3), started_at=timezone.now() - timedelta(days=3)
    )
    work("agents")
    assert ended(run)[0] == "succeeded"


def test_an_agent_has_its_own(run, agent, admin_user, work):
    runs.set_agent_option(actor=admin_user, agent=agent, option=RUN_TOKENS, value=RUN_TOKENS.least)
    Run.objects.filter(pk=run.pk).update(output_tokens=RUN_TOKENS.least)
    work("agents")
    assert ended(run) == ("failed", "tokens_used_up", "")
