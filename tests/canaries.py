"""Secrets that must be found nowhere: brought into a running product, and searched for in what it wrote and what it shows."""

import secrets

from tests.live import PASSWORD

PLANTED = 50
TABLES = """
SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables
WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')
"""


def plant(live):
    """Bring 50 secrets in that stay: API keys of acme; keys of providers, client secrets of single sign-on of globex."""
    known = {"password": PASSWORD}
    with live.api() as acme, live.api("globex") as globex:
        for number in range(20):
            key = acme.post("/api/v1/api-keys/", json={"name": f"Canary {number}", "scopes": ["agents:read"]}).json()
            known[f"API key {number}"] = key["text"].rpartition("_")[2]
        for number in range(15):
            secret = known[f"provider key {number}"] = "sk-" + secrets.token_urlsafe(24)
            provider = {"kind": "openai_compatible", "name": f"Canary {number}", "base_url": "http://127.0.0.1:9/v1"}
            sent = globex.post("/api/v1/config/llm/providers", json=provider | {"api_key": secret})
            assert sent.status_code == 201, sent.text
            secret = known[f"client secret {number}"] = secrets.token_urlsafe(24)
            provider = {
                "kind": "oidc",
                "name": f"Canary {number}",
                "client_id": "x",
                "server_url": "http://127.0.0.1:9",
            }
            sent = globex.post("/api/v1/sso-providers/", json=provider | {"secret": secret})
            assert sent.status_code == 201, sent.text
    assert len(known) == PLANTED + 1
    live.secrets |= known


def places(live):
    """Yield (name, text) of every log, table and Redis key of an instance."""
    for log in (live.folder / "log").glob("*.log"):
        yield log.name, log.read_text(errors="replace")
    for (table,) in live.sql(TABLES):
        yield table, " ".join(row[0] for row in live.sql(f"SELECT t::text FROM {table} t"))
    redis = live.redis()
    yield "redis", " ".join(_value(redis, key) for key in redis.scan_iter(count=1000))


def _value(redis, key):
    kind = redis.type(key)
    if kind == b"stream":
        return repr((key, redis.xrange(key)))
    return repr((key, redis.get(key))) if kind == b"string" else repr(key)


SEARCHER = """
from apps.accounts.services.members import create_user
from apps.core.tenancy import tenant_context
from apps.tenants.hosts import tenant_for_slug
for slug in ("acme", "globex"):
    with tenant_context(tenant_for_slug(slug)):
        create_user(email=f"searcher@{{slug}}.example", name="Searcher", password="{password}", role="owner")
"""


def answers(live, paths):
    """Yield (name, text) of what pages and the API answer to a new owner of each organisation, whatever became of the others."""
    live.code(SEARCHER.format(password=PASSWORD))
    for slug in ("acme", "globex"):
        with live.http(slug, Cookie=live.cookies(slug, "searcher")) as site, live.api(slug, "searcher") as api:
            for path in paths:
                client = api if path.startswith("/api/") else site
                yield f"{slug} {path}", client.get(path, follow_redirects=True).text


def hits(text, known):
    """Name the secrets that a text holds."""
    return [name for name, secret in known.items() if secret in text]
