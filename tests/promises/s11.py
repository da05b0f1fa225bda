import time

from tests.knowledge.samples import HOSTILE
from tests.live import wait_for
from tests.peaks import peak_of_readers

PROMISE = "hostile files end with a reason"
FAULT = "bombs, loops, polyglots, broken and locked files"
PROMISED = "all end, worker alive, 25 s and 600 MB each"
MOST_MB = 600
HEAVY = ("bomb", "dense", "flood")  # tried at either scale


def prove(live, is_full):
    worker = live.pids()["documents"]
    ended, slowest = 0, 0.0
    with live.api() as api, peak_of_readers(worker) as peak:
        names = [name for n, name in enumerate(sorted(HOSTILE)) if is_full or n % 2 or name.startswith(HEAVY)]
        for number, name in enumerate(names):
            started = time.monotonic()
            data = HOSTILE[name]() + (b"\n" * number if not name.endswith(("docx", "xlsx", "pptx")) else b"")
            answer = api.post("/api/v1/knowledge-base/upload", files={"file": (f"{number}-{name}", data)})
            if answer.status_code == 422:
                ended += bool(answer.json()["errors"]["file"][0])
                continue
            pk = answer.raise_for_status().json()["id"]
            state = wait_for(lambda: _ended(api, pk), 60)
            ended += state["state"] == "ready" or bool(state["error"])
            slowest = max(slowest, time.monotonic() - started)
        good = api.post(
            "/api/v1/knowledge-base/upload", files={"file": ("after.md", b"# After\n\nStill alive.\n")}
        ).json()
        wait_for(lambda: api.get(f"/api/v1/knowledge-base/documents/{good['id']}").json()["state"] == "ready")
    is_alive = live.pids()["documents"] == worker
    held = peak.bytes >> 20
    reached = f"{ended}/{len(names)} ended, slowest {slowest:.1f} s, at most {held} MB, alive {is_alive}"
    return reached, ended == len(names) and is_alive and slowest < 25 and 0 < held <= MOST_MB


def _ended(api, pk):
    state = api.get(f"/api/v1/knowledge-base/documents/{pk}").json()
    return state if state["state"] in ("ready", "failed") else None
