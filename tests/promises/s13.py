"""Denial of wallet: many runs at once on one small budget."""

import re
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

from tests.promises.load import await_runs
from tests.standin.server import StandIn, says

PROMISE = "denial of wallet"
FAULT = "200 runs at once on a budget of 1.00 (small: 60)"
PROMISED = "overspend <= one reservation"

SET_UP = """
from decimal import Decimal
from apps.agents.models import Agent
from apps.core.tenancy import tenant_context
from apps.providers.models import Provider, ProviderModel
from apps.tenants.hosts import tenant_for_slug
from apps.tenants.models import OptionValue
from apps.usage.models import Budget, Price
from apps.usage.prices import rate_of
with tenant_context(tenant_for_slug("acme")):
    p = Provider.objects.create(name="S13", kind="openai_compatible", base_url="%s")
    m = ProviderModel.objects.create(provider=p, name="dear")
    Price.objects.create(model=m, input=0, output=400)
    a = Agent.objects.create(name="S13", model=m)
    Budget.objects.create(name="S13", scope="agent", object_id=a.pk, object_name="S13", limit=Decimal(1))
    from apps.agents.services import runs as services
    from apps.accounts.models import User
    from apps.tenants.options import ANSWER_TOKENS
    services.set_agent_option(actor=User.objects.get(email="amina@acme.example"), agent=a, option=ANSWER_TOKENS, value=100)
    print("AGENT", a.pk)
"""
CLEAR = """
from apps.core.tenancy import tenant_context
from apps.tenants.hosts import tenant_for_slug
from apps.usage.models import Budget
with tenant_context(tenant_for_slug("acme")): Budget.objects.filter(name="S13").delete()
"""
RESERVATION = Decimal("0.04")  # 100 tokens at 400 dollars a million


def prove(live, is_full):
    count = 200 if is_full else 60
    with StandIn() as vendor:
        # The model writes all that it may, and a tenth more than it was allowed: the worst that a vendor does.
        vendor.script(says("", tokens=["word "] * 20, delay_s=0.02, usage={"output": 110}))
        agent = re.search(r"AGENT ([0-9a-f-]{36})", live.code(SET_UP % vendor.url))[1]
        with live.api() as api, ThreadPoolExecutor(32) as pool:
            answers = list(
                pool.map(lambda n: api.post(f"/api/v1/agents/{agent}/chat", json={"text": f"Go {n}"}), range(count))
            )
        runs = [answer.json()["run"] for answer in answers if answer.status_code < 300]
        refused = [answer for answer in answers if answer.status_code == 429 and "Retry-After" in answer.headers]
        states = await_runs(live, runs, 240)
        asked = len(vendor.asked)
    spent, reserved = live.sql(
        "SELECT p.spent, p.reserved FROM usage_budgetperiod p JOIN usage_budget b ON b.id = p.budget_id WHERE b.name = 'S13'",
        schema="t_acme",
    )[0]
    coded = live.sql(
        "SELECT count(*) FROM agents_run WHERE id = ANY(%s) AND state = 'failed' AND error_code = 'budget_spent'",
        runs,
        schema="t_acme",
    )[0][0]
    answered, attempts = live.sql(
        "SELECT count(*) FILTER (WHERE is_answered), count(*) FROM usage_usagerecord WHERE run_id = ANY(%s)",
        runs,
        schema="t_acme",
    )[0]
    live.code(CLEAR)
    good = states.get("succeeded", 0)
    is_kept = spent <= 1 + RESERVATION and reserved == 0 and good > 0
    is_kept = is_kept and answered == good and attempts == asked  # each call that the vendor saw is recorded, once
    is_kept = is_kept and good + coded == len(runs) and len(runs) + len(refused) == count
    reached = f"spent {spent:.2f} of 1.00, {good} done, {attempts} of {asked} calls recorded, {coded + len(refused)} of {count} stopped, {reserved} held"
    return reached, is_kept
