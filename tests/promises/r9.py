import os
import signal
from contextlib import contextmanager
from statistics import quantiles

from tests.live import wait_for
from tests.promises.load import model
from tests.standin.server import says

PROMISE = "a busy neighbour keeps nobody waiting"
FAULT = "one organisation queues many runs at once, four others a few each after it"
PROMISED = "quiet p95 <= 1/10 of in turn, >= 90 % as fast"
QUIET = ("vega", "rigel", "altair", "deneb")
SET_UP = f"""
from apps.tenants.services import provision_tenant
from apps.tenants.types import Owner
for slug in {QUIET!r}:
    provision_tenant(slug=slug, name=slug.title(), owner=Owner(f"owner@{{slug}}.example", "Owner"))
"""
QUEUE = """
from apps.accounts.models import User
from apps.agents.models import Agent
from apps.agents.records import open_run
from apps.core.tenancy import tenant_context
from apps.tenants.hosts import tenant_for_slug
for slug, count in {wanted!r}:
    with tenant_context(tenant_for_slug(slug)):
        agent, person = Agent.objects.order_by("name").first(), User.objects.filter(is_active=True).first()
        for number in range(count):
            run = open_run(agent=agent, started_by=person, question=f"Well? ({{number}})", title="{title}", instructions="Say so.")
"""
TIMES = """
    SELECT extract(epoch FROM started_at - %s), extract(epoch FROM finished_at), extract(epoch FROM started_at)
    FROM agents_run WHERE title = %s AND state = 'succeeded'
"""


def prove(live, is_full):
    """All runs of one organisation, in turn, and as many, the last ones of others; each three times, of which the quickest counts."""
    busy, each = (1000, 10) if is_full else (150, 5)
    live.code(SET_UP)
    with model(live, says("So.", delay_s=0.2)) as server:
        live.use_model(server.url, *QUIET)
        alone = [("acme", busy + each * len(QUIET))]
        together = [("acme", busy), *((slug, each) for slug in QUIET)]
        turns = [(_work(live, f"In turn {n}", alone), _work(live, f"Shared {n}", together)) for n in range(3)]
    in_turn, shared = (min(times, key=_span) for times in zip(*turns, strict=True))
    quiet = [wait for slug in QUIET for wait, *_ in shared[slug]]
    p95, before = quantiles(quiet, n=20)[-1], quantiles([wait for wait, *_ in in_turn["acme"]][-len(quiet) :], n=20)[-1]
    speed = _span(in_turn) / _span(shared)
    reached = f"p95 {p95:.1f} s instead of {before:.1f} s, {speed:.0%} as fast"
    return reached, len(quiet) == each * len(QUIET) and p95 <= before / 10 and speed >= 0.9


def _work(live, title, wanted):
    """Queue runs in this order, then let the worker at them; return {slug: [(wait, end, begin)]} in seconds, the longest waits last."""
    with _worker_stopped(live):
        live.code(QUEUE.format(wanted=wanted, title=title))
    found, begun = {}, live.sql("SELECT clock_timestamp()")[0][0]

    def ended():
        for slug, count in wanted:
            found[slug] = sorted(tuple(map(float, row)) for row in live.sql(TIMES, begun, title, schema=f"t_{slug}"))
            if len(found[slug]) < count:
                return False
        return True

    wait_for(ended, 600, 0.5)
    return found


@contextmanager
def _worker_stopped(live):
    group = os.getpgid(live.pids()["agents"])
    os.killpg(group, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(group, signal.SIGCONT)


def _span(times):
    """Return the seconds from the first beginning to the last end."""
    rows = [row for rows in times.values() for row in rows]
    return max(end for _wait, end, _begin in rows) - min(begin for *_, begin in rows)
