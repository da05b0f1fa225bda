"""Providers misbehave: every fault on every protocol, once and for good, through the running product."""

import contextlib
import json
import re
import socket
import time

from tests.live import wait_for
from tests.promises.load import await_runs, retry
from tests.standin.server import StandIn, calls, empty, fails, floods, raw, says, silent

PROMISE = "providers misbehave"
FAULT = "16 faults on four protocols, once and lasting; a breaker opened and probed"
PROMISED = "success or a clear error, <= 4 tries, billed once"

MODELS = {
    "openai": "gpt-5-mini",
    "openai_responses": "gpt-5-mini",
    "anthropic": "claude-sonnet-5-5",
    "gemini": "gemini-3-flash-preview",
}
GOOD = says("All is well.")
FAULTS = {
    "429-wait": fails(429, retry_after=2),
    "429": fails(429),
    "500": fails(500),
    "502": fails(502),
    "529": fails(529),
    "no-first-token": silent(60),
    "stall": says("one two three", stall_after=2),
    "half-closed": says("one two three", cut_after=2),
    "malformed": raw("data: {not json"),
    "empty": empty(),
    "empty-answer": says("", tokens=[""]),
    "invalid-json": calls("search_knowledge", '{"query": '),
    "wrong-schema": calls("search_knowledge", {"nonsense": 1}),
    "100-mb": floods(100),
    "bad-key": fails(401),
}
ENDS_AT_ONCE = {"100-mb", "bad-key"}  # trying again would not help
GOES_ON = {"invalid-json", "wrong-schema"}  # told to the model, which is asked again up to the run's limit of steps
AT_ONCE = 32
SMALL = ("429-wait", "502", "stall", "half-closed", "invalid-json", "100-mb")

SET_UP = """
import json
from decimal import Decimal
from apps.agents.models import Agent
from apps.core.tenancy import tenant_context
from apps.knowledge.models import KnowledgeBase
from apps.providers.models import Provider, ProviderModel
from apps.tenants.hosts import tenant_for_slug
from apps.usage.models import Budget, Price
with tenant_context(tenant_for_slug("acme")):
    Budget.objects.get_or_create(name="R5", defaults={"limit": Decimal(1000000)})
    for name, kind, model, address in json.loads('''%s'''):
        p = Provider(name=name, kind=kind, base_url=address); p.set_api_key("k"); p.save()
        m = ProviderModel.objects.create(provider=p, name=model)
        Price.objects.create(model=m, input=1, output=1)
        a = Agent.objects.create(name=name, model=m, max_steps=4)
        a.knowledge_bases.set(KnowledgeBase.objects.all())
        print("AGENT", name, a.pk)
"""


def prove(live, is_full):
    faults = FAULTS if is_full else {name: FAULTS[name] for name in SMALL}
    once = [(f"once {kind} {name}", kind, [turn, GOOD]) for kind in MODELS for name, turn in faults.items()]
    lasting = [(f"for good {kind} {name}", kind, [turn]) for kind in MODELS for name, turn in faults.items()]
    with contextlib.ExitStack() as stack:
        vendors = {name: stack.enter_context(StandIn()) for name, _kind, _turns in (*once, *lasting)}
        for name, _kind, turns in (*once, *lasting):
            vendors[name].script(*turns)
        rows = [(name, kind, MODELS[kind], vendors[name].address_for(kind)) for name, kind, _turns in (*once, *lasting)]
        rows += [(f"nobody {kind}", kind, MODELS[kind], stack.enter_context(_deaf()) + "/v1") for kind in MODELS]
        agents = _set_up(live, rows)
        wrong = _try_all(live, agents, vendors)
        opened = _breaker(live, stack) if is_full else ""
    unsettled = live.sql("SELECT count(*) FROM usage_reservation", schema="t_acme")[0][0]
    held = live.sql("SELECT coalesce(sum(reserved), 0) FROM usage_budgetperiod", schema="t_acme")[0][0]
    reached = f"{len(agents) - len(wrong)} of {len(agents)} as promised, {unsettled + (held != 0)} held back{opened}"
    for line in wrong:
        print("     R5:", line, flush=True)
    return reached, not wrong and not unsettled and not held and "breaker failed" not in opened


@contextlib.contextmanager
def _deaf():
    """An address at which connecting takes for ever: its queue of connections is full."""
    with socket.socket() as server, contextlib.ExitStack() as waiting:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(4):
            client = waiting.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def _set_up(live, rows):
    told = live.code(SET_UP % json.dumps(rows))
    return {name: pk for name, pk in re.findall(r"AGENT (.+) ([0-9a-f-]{36})", told)}


def _try_all(live, agents, vendors):
    runs, names = {}, sorted(agents)
    with live.api() as api:
        for start in range(0, len(names), AT_ONCE):
            for name in names[start : start + AT_ONCE]:
                address = f"/api/v1/agents/{agents[name]}/chat"
                answer = retry(lambda address=address: api.post(address, json={"text": "Hello?"}))
                runs[name] = answer.raise_for_status().json()["run"]
            await_runs(live, runs.values(), 240)
    return [line for name, run in runs.items() if (line := _wrong(live, name, run, vendors.get(name)))]


def _wrong(live, name, run, vendor):
    """Return what is not as promised about a run, "" when all is."""
    [(state, answer, error)] = live.sql(
        "SELECT state, answer, error FROM agents_run WHERE id = %s", run, schema="t_acme"
    )
    billed = live.sql(
        "SELECT count(*), count(*) FILTER (WHERE is_answered), count(DISTINCT key) FROM usage_usagerecord WHERE run_id = %s",
        run,
        schema="t_acme",
    )[0]
    steps = live.sql("SELECT count(*) FROM agents_runevent WHERE run_id = %s AND kind = 'model'", run, schema="t_acme")[
        0
    ][0]
    fault = name.rsplit(" ", 1)[1]
    asked = len(vendor.asked) if vendor else billed[0]
    if billed[0] != asked or billed[1] != steps or billed[2] != billed[0]:
        return f"{name}: asked {asked} times, {steps} steps, billed {billed}"
    if name.startswith("once") and fault not in ENDS_AT_ONCE:
        is_good = state == "succeeded" and "All is well." in answer and asked <= 4
    elif fault in GOES_ON and state == "succeeded":
        is_good = asked <= 4  # the run's limit of steps ended it
    else:
        is_good = state == "failed" and len(error) > 10 and "Error" not in error and asked <= 4
        is_good = is_good and (asked == 1 or fault not in ENDS_AT_ONCE)
    return "" if is_good else f"{name}: {state} {answer!r} {error!r} after {asked}"


def _breaker(live, stack):
    """Two runs that fail for good open it at the fifth failure; half a minute later one probe closes it."""
    vendor = stack.enter_context(StandIn())
    vendor.script(fails(500))
    agents = _set_up(live, [("breaker", "openai", MODELS["openai"], vendor.address_for("openai"))])
    with live.api() as api:
        ask = lambda: api.post(f"/api/v1/agents/{agents['breaker']}/chat", json={"text": "Hello?"}).json()["run"]  # noqa: E731
        first, second = ask(), ask()
        wait_for(lambda: len(vendor.asked) >= 5, 60)
        seen = len(vendor.asked)
        opened_at = time.monotonic()
        third = ask()
        time.sleep(10)
        vendor.script(GOOD)
        asked_while_open = len(vendor.asked)
        await_runs(live, [first, second, third], 200)
        waited_s = time.monotonic() - opened_at
        state = live.sql("SELECT state FROM agents_run WHERE id = %s", third, schema="t_acme")[0][0]
    if seen > 6 or asked_while_open or state != "succeeded" or waited_s < 20:
        return f", breaker failed: {seen} asked, {asked_while_open} while open, {state} after {waited_s:.0f} s"
    return f", breaker opened at {seen}, well after {waited_s:.0f} s"
