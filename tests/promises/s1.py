import random
from concurrent.futures import ThreadPoolExecutor

from tests.live import wait_for
from tests.promises.load import retry

PROMISE = "a query never reaches another tenant or public"
FAULT = "mixed load of pages, API, search, jobs; canaries"
PROMISED = "0 foreign canaries, 0 rows in public"
EXPECTED_IN_PUBLIC = {
    "jobs_job",
    "jobs_tenantqueue",
    "tenants_tenantkey",
}  # the last: wrapped, made at the first secret


def canary(slug):
    return f"CANARY{slug.upper()}X"


def prove(live, is_full):
    slugs = ("acme", "globex")
    before = _public_rows(live)
    clients = {slug: (live.api(slug), live.cookies(slug)) for slug in slugs}
    places = {slug: _plant(slug, clients[slug][0]) for slug in slugs}
    count = 100_000 if is_full else 1_500
    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(lambda n: _visit(live, clients, places, slugs[n % 2], n), range(count)))
    foreign, own, odd = (sum(column) for column in zip(*results))
    changed = {t for t, n in _public_rows(live).items() if n != before.get(t, 0)} - EXPECTED_IN_PUBLIC
    for api, _cookies in clients.values():
        api.close()
    reached = f"{foreign} foreign in {count} ({own} own, {odd} x 5xx), {len(changed)} tables"
    return reached, foreign == 0 and not changed and own > count // 20 and odd == 0


def _plant(slug, api):
    word = canary(slug)
    text = f"# {word}\n\nThe leave canary of this organisation is {word} and nobody else's.\n".encode()
    document = api.post("/api/v1/knowledge-base/upload", files={"file": (f"{word}.md", text)}).raise_for_status().json()
    wait_for(lambda: api.get(f"/api/v1/knowledge-base/documents/{document['id']}").json()["state"] == "ready")
    agent = api.get("/api/v1/agents/").json()[0]["id"]
    message = api.post(f"/api/v1/agents/{agent}/chat", json={"text": f"What is the canary {word}?"}).json()
    wait_for(lambda: api.get(f"/api/v1/runs/{message['run']}").json()["state"] == "succeeded")
    return {"document": document["id"], "conversation": message["conversation"], "run": message["run"], "agent": agent}


def _visit(live, clients, places, slug, number):
    """One operation; return (foreign canaries, own canaries, 5xx)."""
    (api, cookies), place = clients[slug], places[slug]
    other = places["globex" if slug == "acme" else "acme"]
    page = {"headers": {"Cookie": cookies}}
    operations = [
        lambda: api.get("/api/v1/conversations/"),
        lambda: api.get("/api/v1/knowledge-base/documents"),
        lambda: api.post("/api/v1/knowledge-base/search", json={"query": "leave canary of this organisation"}),
        lambda: api.get("/api/v1/runs/"),
        lambda: api.get("/", **page),
        lambda: api.get("/chat/", **page),
        lambda: api.get(f"/chat/{place['conversation']}/", **page),
        lambda: api.get(f"/runs/{place['run']}/", **page),
        lambda: api.get(f"/documents/{place['document']}/", **page),
        lambda: api.get("/search/?q=canary", **page),
        lambda: api.get(f"/documents/{other['document']}/", **page),
        lambda: api.get(f"/api/v1/runs/{other['run']}"),
        lambda: api.get(f"/chat/{other['conversation']}/", **page),
        lambda: api.get("/knowledge/", **page),
    ]
    answer = retry(random.Random(number).choice(operations))
    foreign = canary("globex" if slug == "acme" else "acme")
    return foreign in answer.text, canary(slug) in answer.text, answer.status_code >= 500


def _public_rows(live):
    tables = [
        row[0]
        for row in live.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        if not row[0].startswith("django_celery")
    ]
    return {table: live.sql(f'SELECT count(*) FROM public."{table}"')[0][0] for table in tables}
