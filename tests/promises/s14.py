import json
import re
import secrets

from tests.canaries import hits, places
from tests.live import PASSWORD
from tests.standin.server import StandIn, fails

PROMISE = "secrets stay secret"
FAULT = "used well and wrongly by page and API; then logs, tables, Redis searched; keys rotated under load"
PROMISED = "0 found, 0 failures, pasted row fails"

ROTATE = """
import threading
from uuid import uuid4
from django.db import connection
from django.test.utils import override_settings
from apps.core import credentials
from apps.core.tenancy import tenant_context
from apps.providers.models import Provider
from apps.tenants.hosts import tenant_for_slug
count, failures, reads, done = {count}, [], [0], threading.Event()
acme, globex = tenant_for_slug("acme"), tenant_for_slug("globex")
def make(n):
    p = Provider(name=f"s14 {{n}}", kind="openai_compatible", base_url="http://x/v1"); p.set_api_key(f"secret {{n}}"); return p
def read():
    with tenant_context(acme):
        while not done.is_set():
            for p in Provider.objects.filter(name__startswith="s14").order_by("?")[:200]:
                try: assert p.api_key() == "secret " + p.name[4:]; reads[0] += 1
                except Exception as error: failures.append(repr(error))
        connection.close()
with override_settings(CREDENTIAL_KEYS=["old"]), tenant_context(acme):
    Provider.objects.bulk_create([make(n) for n in range(count)])
with override_settings(CREDENTIAL_KEYS=["new", "old"]):
    threads = [threading.Thread(target=read) for _ in range(3)]
    for t in threads: t.start()
    with tenant_context(acme):
        credentials.renew_key()
        changed = credentials.reseal_column(Provider.objects.filter(name__startswith="s14"), column="sealed_key", field="sealed_key")
    done.set()
    for t in threads: t.join()
with override_settings(CREDENTIAL_KEYS=["new"]):
    with tenant_context(acme):
        for p in Provider.objects.filter(name__startswith="s14"):
            try: assert p.api_key() == "secret " + p.name[4:]
            except Exception as error: failures.append(repr(error))
        one, two = Provider.objects.filter(name__startswith="s14")[:2]
        def opens(tenant, pk, sealed):
            with tenant_context(tenant):
                try: credentials.unseal(sealed, table="providers_provider", pk=pk, field="sealed_key"); return 1
                except ValueError: return 0
        pasted = opens(acme, two.pk, one.sealed_key) + opens(globex, one.pk, one.sealed_key)
        Provider.objects.filter(name__startswith="s14").delete()
print("ROTATED", changed, len(failures), reads[0], pasted)
"""


def prove(live, is_full):
    known = _use_secrets(live, 50 if is_full else 10)
    searched = dict(places(live))
    assert any("S14 0" in text for text in searched.values()), "the search finds nothing at all"
    found = {where: names for where, text in searched.items() if (names := hits(text, known))}
    count = 10_000 if is_full else 500
    told = re.search(r"ROTATED (\d+) (\d+) (\d+) (\d+)", live.code(ROTATE.format(count=count)))
    changed, failures, reads, pasted = map(int, told.groups())
    leaked = sum(len(names) for names in found.values())
    reached = f"{leaked} of {len(known)} found {found or ''}, {changed} rotated, {failures} of {reads} reads failed"
    return reached, not found and changed == count and not failures and reads > 0 and not pasted


def _use_secrets(live, rounds):
    """Bring secrets of every kind through the product, rightly and wrongly; return {name: text}."""
    known = {}
    with live.api() as api, live.http() as visitor, StandIn() as vendor:
        vendor.script(fails(401))
        for number in range(rounds):
            wrong, fresh = secrets.token_urlsafe(18), secrets.token_urlsafe(18)
            known |= {f"wrong password {number}": wrong, f"client secret {number}": fresh}
            visitor.post("/api/v1/auth/login", json={"email": "amina@acme.example", "password": wrong, "code": wrong})
            visitor.post("/api/v1/auth/login", content=f'{{"email": "amina@acme.example", "password": "{wrong}"')
            visitor.post("/api/v1/auth/register/confirm", json={"token": wrong, "name": "x", "password": wrong})
            provider = {"kind": "oidc", "name": f"S14 {number}", "client_id": "x", "server_url": "http://127.0.0.1:9"}
            made = api.post("/api/v1/sso-providers/", json=provider | {"secret": fresh}).json()
            visitor.get(f"/accounts/oidc/{made['key']}/login/")
            visitor.get(f"/accounts/oidc/{made['key']}/login/callback/?code={wrong}&state={wrong}")
            api.delete(f"/api/v1/sso-providers/{made['id']}")
            pair = visitor.post("/api/v1/auth/login", json={"email": "jonas@acme.example", "password": PASSWORD}).json()
            if "refresh" in pair:
                known |= {f"refresh token {number}": pair["refresh"], f"access token {number}": pair["access"]}
                for _ in range(2):
                    visitor.post("/api/v1/auth/refresh", json={"refresh": pair["refresh"]})
            key = api.post("/api/v1/api-keys/", json={"name": "S14", "scopes": ["agents:read"]}).json()
            known[f"API key {number}"] = key["text"].rpartition("_")[2]
            visitor.get("/api/v1/runs/", headers={"Authorization": f"Bearer {key['text']}"})
            visitor.get("/api/v1/knowledge-base/", headers={"Authorization": f"Bearer {key['text']}"})
        known |= _ask_with_a_bad_key(live, api, vendor)
    return known


def _ask_with_a_bad_key(live, api, vendor):
    """A provider's key that the vendor refuses: the run fails, and its page, events and log say why without it."""
    canary = "sk-" + secrets.token_urlsafe(24)
    live.use_model(vendor.url)
    live.code(
        f"""
from apps.tenants.hosts import tenant_for_slug
from apps.core.tenancy import tenant_context
from apps.providers.models import Provider
with tenant_context(tenant_for_slug("acme")):
    p = Provider.objects.get(name="Stand-in"); p.set_api_key({canary!r}); p.save()
"""
    )
    agent = api.get("/api/v1/agents/").json()[0]["id"]
    run = api.post(f"/api/v1/agents/{agent}/chat", json={"text": "How many days?"}).json()["run"]
    from tests.live import wait_for

    state = wait_for(
        lambda: (s := api.get(f"/api/v1/runs/{run}").json()) and s["state"] in ("failed", "dead") and s, 60
    )
    assert canary not in json.dumps(state)
    live.code(
        """
from apps.tenants.hosts import tenant_for_slug
from apps.core.tenancy import tenant_context
from apps.agents.models import Agent
with tenant_context(tenant_for_slug("acme")): Agent.objects.update(model=None)
"""
    )
    return {"provider key": canary}
