import asyncio
import re
import statistics
import time
from collections import Counter
from dataclasses import dataclass, field

PROMISE = "ten times the load is borne"
FAULT = "pages, API and questions of two organisations, up to ten times what is served"
PROMISED = "0 faults, Retry-After, accepted <= 2 x p95"
RATED_AT_ONCE, RATED_S, STEPS = 32, 15, 10  # places and room to wait of one process
CHAT_EVERY = 50


@dataclass
class Seen:
    """What came back: how long accepted requests took, by tenant; how many got which status; what is not as promised."""

    took_s: list = field(default_factory=list)
    statuses: Counter = field(default_factory=Counter)
    wrong: Counter = field(default_factory=Counter)

    @property
    def p95_s(self):
        return statistics.quantiles(self.took_s, n=20)[-1]


def prove(live, is_full):
    return asyncio.run(_prove(live, 600 if is_full else 40))


async def _prove(live, ramp_s):
    tenants = [Tenant(live, "acme"), Tenant(live, "globex")]
    await _rated(tenants, Seen(), 5)  # warm up
    rated = Seen()
    await _rated(tenants, rated, RATED_S)
    rate = len(rated.took_s) / RATED_S
    loud, quiet = Seen(), Seen()
    for step in range(1, STEPS + 1):
        await _open_loop(tenants, (loud, quiet), rate * step, ramp_s / STEPS)
    every = loud.statuses + quiet.statuses
    wrong = rated.wrong + loud.wrong + quiet.wrong
    refused = every[429] + every[503]
    ratio = max(loud.p95_s, quiet.p95_s) / rated.p95_s
    for what, count in wrong.items():
        print("     R8:", what, count, flush=True)
    print(
        f"     R8: {rate:.0f} requests a second are served, p95 {rated.p95_s * 1000:.0f} ms; then {dict(every)}",
        flush=True,
    )
    served = len(quiet.took_s) / quiet.statuses.total()
    reached = f"{wrong.total()} faults, {every.total()} asked, {refused} put off, {ratio:.1f} x p95, quiet {served:.0%}"
    return reached, not wrong and refused > 0 and ratio <= 2


class Tenant:
    """Requests of one organisation, as bytes."""

    def __init__(self, live, slug):
        self.port, self.host = live.port, f"{slug}.localhost:{live.port}"
        self.cookies, self.bearer, self.number = live.cookies(slug), live.token(slug), 0
        with live.http(slug, Authorization=f"Bearer {self.bearer}") as api:
            self.agent = api.get("/api/v1/agents/").json()[0]["id"]

    def next(self):
        self.number += 1
        if self.number % CHAT_EVERY == 0:
            body = '{"text": "How many days of annual leave do I get?"}'
            head = (
                f"Authorization: Bearer {self.bearer}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
            )
            return self._bytes(f"POST /api/v1/agents/{self.agent}/chat", head, body)
        path = ("/agents/", "/api/v1/agents/", "/runs/", "/api/v1/conversations/")[self.number % 4]
        head = f"Authorization: Bearer {self.bearer}" if path.startswith("/api/") else f"Cookie: {self.cookies}"
        return self._bytes(f"GET {path}", head, "")

    def _bytes(self, line, head, body):
        return f"{line} HTTP/1.1\r\nHost: {self.host}\r\nConnection: close\r\n{head}\r\n\r\n{body}".encode()


async def _rated(tenants, seen, seconds):
    """As many at once as a process works on and lets wait, each asking as soon as it is answered."""
    end = time.monotonic() + seconds

    async def client(tenant):
        while time.monotonic() < end:
            await _ask(tenant, seen)

    await asyncio.gather(*(client(tenants[number % 10 == 0]) for number in range(RATED_AT_ONCE)))


async def _open_loop(tenants, seen, rate, seconds):
    """So many a second, whatever becomes of them: nine of ten of the loud organisation, one of the quiet one."""
    start, tasks, sent = time.monotonic(), set(), 0
    while (now := time.monotonic() - start) < seconds:
        while sent < now * rate:
            is_quiet = sent % 10 == 0
            task = asyncio.create_task(_ask(tenants[is_quiet], seen[is_quiet]))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            sent += 1
        await asyncio.sleep(0.005)
    await asyncio.gather(*tasks)


async def _ask(tenant, seen):
    started = time.monotonic()
    try:
        answer = await asyncio.wait_for(_exchange(tenant), 60)
    except (OSError, TimeoutError) as error:
        seen.wrong[type(error).__name__] += 1
        return
    found = re.match(rb"HTTP/1\.[01] (\d{3})", answer)
    status = int(found[1]) if found else 0
    seen.statuses[status] += 1
    if status in (200, 202):
        seen.took_s.append(time.monotonic() - started)
    elif status not in (429, 503):
        seen.wrong[f"answered {status}"] += 1
    elif b"retry-after:" not in answer.lower():
        seen.wrong[f"{status} without Retry-After"] += 1


async def _exchange(tenant):
    reader, writer = await asyncio.open_connection("127.0.0.1", tenant.port)
    try:
        writer.write(tenant.next())
        await writer.drain()
        return await reader.read(-1)
    finally:
        writer.close()
