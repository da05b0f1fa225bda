import contextlib
import time

from tests.live import wait_for

PROMISE = "a document survives its reader"
FAULT = "kill -9 of the worker at points over the whole reading of a new version of a document"
PROMISED = "0 stuck, 0 doubled, 0 half visible"
NAME, PASSAGES = "Survivor.md", 90
UPLOAD = "/api/v1/knowledge-base/upload"
READY = "SELECT id, chunk_count FROM knowledge_document WHERE name = %s AND state = 'ready'"
HALF = "SELECT count(*) FROM knowledge_chunk c JOIN knowledge_document d ON d.id = c.document_id WHERE d.name = %s AND d.state <> 'ready'"
COUNTED = """
    SELECT count(DISTINCT c.id), count(DISTINCT v.chunk_id), count(DISTINCT p.chunk_id)
    FROM knowledge_chunk c LEFT JOIN knowledge_chunkvector384 v ON v.chunk_id = c.id LEFT JOIN knowledge_posting p ON p.chunk_id = c.id
    WHERE c.document_id = %s
"""
OF_BASE = """
    SELECT b.chunk_count - (SELECT count(*) FROM knowledge_chunk c WHERE c.knowledge_base_id = b.id AND NOT c.is_left_out)
    FROM knowledge_knowledgebase b
"""
LEFT = "SELECT (SELECT count(*) FROM knowledge_reading) + (SELECT count(*) FROM knowledge_readingturn)"


def prove(live, is_full):
    points = 30 if is_full else 4
    kills, stuck, half, doubled = 0, 0, 0, 0
    with live.api() as api:
        took_s = _read(live, api, "undisturbed", None)[0]
        for point in range(points):
            with contextlib.suppress(AssertionError):
                _took, seen_half, wrong = _read(live, api, f"version {point}", took_s * 0.9 * (point + 0.5) / points)
                half, doubled, stuck = half + seen_half, doubled + wrong, stuck - 1
            kills, stuck = kills + 1, stuck + 1
        for row in live.sql(READY, NAME, schema="t_acme"):
            api.delete(f"/api/v1/knowledge-base/documents/{row[0]}").raise_for_status()
    reached = f"{kills} kills: {stuck} stuck, {doubled} doubled, {half} half visible"
    return reached, (kills, stuck, doubled, half) == (points, 0, 0, 0)


def _read(live, api, version, kill_after_s):
    """Upload a version and see it through; return seconds, how often it was half visible, and what stands wrong in the end."""
    text = "".join(f"# Rule {n}\n\nBy {version} gate {n} opens at {n % 24}.\n\n" for n in range(PASSAGES))
    before = live.sql(READY, NAME, schema="t_acme")
    pk = api.post(UPLOAD, files={"file": (NAME, text.encode())}).raise_for_status().json()["id"]
    started, half, is_killed = time.monotonic(), 0, kill_after_s is None

    def is_done():
        nonlocal half, is_killed
        if not is_killed and time.monotonic() - started >= kill_after_s:
            live.kill("documents")
            is_killed = True
        standing = live.sql(READY, NAME, schema="t_acme")
        half += live.sql(HALF, NAME, schema="t_acme")[0][0] > 0
        half += len(standing) != 1 and bool(before)
        return [row for row in standing if str(row[0]) == pk]

    found = wait_for(is_done, 120, 0.05)
    seconds = time.monotonic() - started
    counted = live.sql(COUNTED, pk, schema="t_acme")[0]
    wrong = counted != (PASSAGES,) * 3 or found[0][1] != PASSAGES
    wrong += any(row[0] for row in live.sql(OF_BASE, schema="t_acme")) or live.sql(LEFT, schema="t_acme")[0][0] > 0
    if not is_killed:  # it was faster than the first time
        raise AssertionError
    return seconds, half, wrong
