import os
import signal
import sys
import time
from contextlib import contextmanager
from datetime import timedelta

from config.standalone.processes import spawn
from tests.live import ROOT, wait_for
from tests.promises.load import model
from tests.standin.server import says

PROMISE = "what is due by a schedule starts, once"
FAULT = "beat frozen while times come, killed, then two beats over the turn of a minute"
PROMISED = "0 missed, 0 doubled"
MAKE = """
from datetime import timedelta
from django.utils import timezone
from apps.accounts.models import User
from apps.agents.models import Agent
from apps.core.tenancy import public_context, tenant_context
from apps.jobs.models import Job
from apps.tenants.hosts import tenant_for_slug
from apps.workflows.models import Automation
from apps.workflows.services.automations import save_automation
with tenant_context(tenant_for_slug("acme")):
    owner, agent = User.objects.get(email="jonas@acme.example"), Agent.objects.order_by("name").first()
    first = (timezone.now() - timedelta(minutes={minutes})).replace(second=0, microsecond=0)
    for number in range({count}):
        values = dict(name="R15", agent=agent, values=dict(question="Well?"), cron="* * * * *", catch_up="each", to_conversation=False)
        row = save_automation(actor=owner, values=values)[0]
        Automation.objects.filter(pk=row.pk).update(next_at=first)
        with public_context(): Job.objects.filter(object_id=row.pk).update(not_before=first)
    print(first.isoformat())
"""
END = """
from apps.core.tenancy import tenant_context
from apps.tenants.hosts import tenant_for_slug
from apps.workflows.models import Automation
with tenant_context(tenant_for_slug("acme")):
    Automation.objects.filter(name="R15").update(is_active=False)
"""
FOUND = """
    SELECT a.id, o.due_at, r.state, (SELECT count(*) FROM agents_run x WHERE x.id = o.run_id)
    FROM workflows_automation a JOIN workflows_occurrence o ON o.automation_id = a.id LEFT JOIN agents_run r ON r.id = o.run_id
    WHERE a.name = 'R15' ORDER BY a.id, o.due_at
"""
RUNS = "SELECT count(*) FROM agents_run WHERE question = 'Well?'"
WAITING = """
    SELECT (SELECT count(*) FROM agents_run WHERE question = 'Well?' AND state IN ('queued', 'running', 'waiting'))
    + (SELECT count(*) FROM workflows_occurrence WHERE state = 'due')
"""


def prove(live, is_full):
    count, minutes = (10, 97) if is_full else (4, 20)
    before = live.sql(RUNS, schema="t_acme")[0][0]
    with model(live, says("So.")):
        beat = os.getpgid(live.pids()["beat"])
        os.killpg(beat, signal.SIGSTOP)
        live.code(MAKE.format(count=count, minutes=minutes))
        time.sleep(5)
        os.killpg(beat, signal.SIGKILL)
        with _second(live):
            wait_for(lambda: _count(live) >= count * (minutes + 1), 180, 0.5)
            _over_two_minutes(live, count, minutes)
        live.code(END)
        wait_for(lambda: not live.sql(WAITING, schema="t_acme")[0][0], 180, 0.5)
    rows = live.sql(FOUND, schema="t_acme")
    runs = live.sql(RUNS, schema="t_acme")[0][0] - before
    missed, doubled = _gaps(rows), (len(rows) - len({row[:2] for row in rows})) + (runs - len(rows))
    done = sum(row[2] == "succeeded" for row in rows)
    return (
        f"{missed} missed, {doubled} doubled of {len(rows)}, {done} done",
        not missed and not doubled and done == len(rows),
    )


def _over_two_minutes(live, count, minutes):
    """Wait until the clock has brought two more times."""
    wait_for(lambda: _count(live) >= count * (minutes + 3), 200, 0.5)


def _count(live):
    return len(live.sql(FOUND, schema="t_acme"))


def _gaps(rows):
    """Count the minutes between the first and the last time of each schedule that have no occurrence."""
    times = {}
    for key, due, *_ in rows:
        times.setdefault(key, set()).add(due)
    last = max(max(each) for each in times.values())
    return sum((last - min(each)) // timedelta(minutes=1) + 1 - len(each) for each in times.values())


@contextmanager
def _second(live):
    """Another beat beside the instance's own, which its supervisor has started again."""
    command = [sys.executable, "-m", "celery", "-A", "config.celery", "--quiet", "beat", "-l", "WARNING", "--pidfile="]
    child = spawn(
        command, log=live.folder / "log" / "second-beat.log", environment=live.environment_of("agents"), cwd=ROOT
    )
    try:
        time.sleep(5)
        assert child.poll() is None, "the second beat did not start"
        yield child
        assert child.poll() is None, "the second beat ended"
    finally:
        if child.poll() is None:
            os.killpg(os.getpgid(child.pid), signal.SIGKILL)
        child.wait(30)
