"""Search over many passages, with a filter and permissions: beside the bare index query, and beside what an exact search finds."""

import json
from pathlib import Path

SCRIPT = Path(__file__).with_name("search_script.py")


def measure(live, is_full):
    count = 100_000 if is_full else 30_000
    out = live.code(f"COUNT = {count}\n{SCRIPT.read_text()}")
    found = json.loads(out.strip().splitlines()[-1])
    bare_ms = found["bare_ms"]
    yield f"{count} passages, p95 ms: nearest behind a filter", found["nearest_ms"], bare_ms
    yield f"{count} passages, p95 ms: few behind a filter", found["few_ms"], bare_ms
    yield f"{count} passages, p95 ms: the same, rights looked up", found["rights_ms"], bare_ms
    yield f"{count} passages, p95 ms: by words", found["words_ms"], found["all_words_ms"]
    yield f"{count} passages, p95 ms: the whole search", found["whole_ms"], bare_ms
    yield f"{count} passages: recall@10 of exact, a quarter fits", found["recall_half"], 1.0
    yield f"{count} passages: recall@10 of exact, 1 in 40 fits", found["recall_few"], 1.0
    yield f"{count} passages: top 10 by words, of all postings", found["same_words"], 1.0
