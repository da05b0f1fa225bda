"""The page of usage, and a run's cost on its page, over few records and over very many."""

from tests.benchmarks.pages import _median_s
from tests.live import wait_for

FEW = 1_000
RECORDS = """
INSERT INTO usage_usagerecord (id, created_at, key, agent_id, agent_name, provider_name, model_name, is_answered, is_estimated, is_kept,
    input_tokens, output_tokens, cached_tokens, reasoning_tokens, took_s, cost)
SELECT gen_random_uuid(), now() - (n %% 30) * interval '1 day', 'bench-' || n, md5((n %% 20)::text)::uuid, 'Agent ' || n %% 20,
    'Bench', 'model ' || n %% 5, true, false, false, 900, 90, 0, 0, 1.5, 0.01
FROM generate_series(%s::int, %s::int) n
"""
SUMS = """
INSERT INTO usage_usageday (day, dimension, key, label, calls, failures, input_tokens, output_tokens, cached_tokens,
    reasoning_tokens, cost)
SELECT (created_at AT TIME ZONE 'UTC')::date, d.dimension,
    CASE d.dimension WHEN 'agent' THEN agent_id::text WHEN 'model' THEN model_name WHEN 'person' THEN (hashtext(key) % 200)::text ELSE '' END,
    CASE d.dimension WHEN 'agent' THEN agent_name WHEN 'model' THEN model_name ELSE '' END,
    count(*), 0, sum(input_tokens), sum(output_tokens), 0, 0, sum(cost)
FROM usage_usagerecord, (VALUES ('total'), ('agent'), ('model'), ('person')) d(dimension)
WHERE key LIKE 'bench-%' GROUP BY 1, 2, 3, 4
"""
CLEAR = "DELETE FROM usage_usagerecord WHERE key LIKE 'bench-%'"


def measure(live, is_full):
    many = 1_000_000 if is_full else 50_000
    cookies = live.cookies(login="amina")
    with live.api(login="amina") as api:
        agent = api.get("/api/v1/agents/").json()[0]["id"]
        run = api.post(f"/api/v1/agents/{agent}/chat", json={"text": "How many days of leave?"}).json()["run"]
        wait_for(lambda: api.get(f"/api/v1/runs/{run}").json()["state"] == "succeeded")
    paths = ("/usage/?by=person", "/usage/?by=agent&days=90", f"/runs/{run}/")
    _fill(live, 1, FEW)
    few = {path: _median_s(live, cookies, path) for path in paths}
    _fill(live, FEW + 1, many)
    for path in paths:
        name = path if run not in path else "/runs/<id>/"
        yield f"{name} over {many:,} records against {FEW:,}, s", _median_s(live, cookies, path), few[path]
    live.sql(CLEAR, schema="t_acme")
    live.sql("DELETE FROM usage_usageday", schema="t_acme")


def _fill(live, first, last):
    live.sql(RECORDS, first, last, schema="t_acme")
    live.sql("DELETE FROM usage_usageday", schema="t_acme")
    live.sql(SUMS, schema="t_acme")
    live.sql(
        "VACUUM ANALYZE usage_usagerecord, usage_usageday", schema="t_acme"
    )  # and nothing is left to be done beside
    live.sql("CHECKPOINT")
