"""Reading documents: two processes against one, and ten small files of one organisation beside a thousand pages of another."""

import os
import random
import signal
import statistics
import subprocess
import threading
import time
from contextlib import contextmanager, suppress

from tests.knowledge.samples import pdf
from tests.live import Live, wait_for

UPLOAD, DOCUMENT = "/api/v1/knowledge-base/upload", "/api/v1/knowledge-base/documents/"
WORDS = [f"word{n}" for n in range(4_000)]


def measure(live, is_full):
    documents, rounds = (48, 5) if is_full else (24, 3)
    with live.api() as api:
        one_s = _read_all(live, api, [_text(60) for _ in range(documents)], every_s=0.5)
    with Live(DOCUMENT_PROCESSES="2") as other, other.api() as api:
        two_s = _read_all(other, api, [_text(60) for _ in range(documents)], every_s=0.5)
        with _held_back(other, 0.35):
            slow_two_s = _read_all(other, api, [_text(60) for _ in range(documents)], every_s=0.5)
    with live.api() as api, _held_back(live, 0.35):
        slow_one_s = _read_all(live, api, [_text(60) for _ in range(documents)], every_s=0.5)
    yield f"{documents} documents a minute, 2 processes against 1", 60 * documents / two_s, 60 * documents / one_s
    words = f"{documents} documents a minute, 2 processes against 1, each with 35 % of a core"
    yield words, 60 * documents / slow_two_s, 60 * documents / slow_one_s
    beside_s, alone_s = _beside_a_large_one(live, rounds)
    yield "seconds for ten small files, beside 1,000 pages", beside_s, alone_s


def _text(paragraphs):
    lines = (f"# Rule {n}\n\n{' '.join(random.choices(WORDS, k=60))}.\n\n" for n in range(paragraphs))
    return "".join(lines).encode()


def _read_all(live, api, texts, slug="acme", every_s=0.1):
    """Upload texts and return the seconds until all of them can be found."""
    started = time.monotonic()
    ids = [_upload(api, f"{random.random()}.md", text) for text in texts]
    left = "SELECT count(*) = 0 FROM knowledge_document WHERE id = ANY(%s::uuid[]) AND state <> 'ready'"
    wait_for(lambda: live.sql(left, ids, schema=f"t_{slug}")[0][0], 600, every_s)
    return time.monotonic() - started


@contextmanager
def _held_back(live, share):
    """Let every process of the documents worker run this share of the time alone, so that cores are not what is scarce on a machine with two."""
    is_over = threading.Event()

    def beat():
        while not is_over.is_set():
            for sign, seconds in ((signal.SIGSTOP, 0.05 * (1 - share)), (signal.SIGCONT, 0.05 * share)):
                for pid in _family(live.pids()["documents"]):
                    with suppress(ProcessLookupError):
                        os.kill(pid, sign)
                time.sleep(seconds)

    holding = threading.Thread(target=beat)
    holding.start()
    try:
        yield
    finally:
        is_over.set()
        holding.join()


def _family(pid):
    """Return a process and those below it."""
    found, listed = [pid], subprocess.run(["ps", "-eo", "pid,ppid", "--no-headers"], capture_output=True, text=True)
    pairs = [tuple(map(int, line.split())) for line in listed.stdout.splitlines()]
    for parent in found:
        found += [child for child, of in pairs if of == parent]
    return found


def _upload(api, name, data):
    return api.post(UPLOAD, files={"file": (name, data)}).raise_for_status().json()["id"]


def _beside_a_large_one(live, rounds):
    """Return median seconds for ten small files while a long PDF of another organisation is read, and without it."""
    pages = [(f"Page {n}", "\n".join(" ".join(random.choices(WORDS, k=12)) for _ in range(40))) for n in range(1000)]
    with live.api() as large, live.api("globex") as small:

        def ten_small():
            return _read_all(live, small, [_text(4) for _ in range(10)], "globex")

        ten_small()
        alone = [ten_small() for _ in range(rounds)]
        pk = _upload(large, "Large.pdf", pdf(*pages))
        wait_for(lambda: large.get(DOCUMENT + pk).json()["progress"] > 40, 120)
        beside = [ten_small() for _ in range(rounds)]
        state = large.get(DOCUMENT + pk).json()
        assert state["state"] == "split" and state["page_count"] == 1000, state
        large.delete(DOCUMENT + pk).raise_for_status()
    return statistics.median(beside), statistics.median(alone)
