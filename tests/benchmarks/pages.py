"""Pages with few tenants and with many: what a page costs must not grow with other people's tenants."""

import statistics
import time

PATHS = ("/", "/agents/", "/knowledge/", "/runs/", "/chat/")


def measure(live, is_full):
    more = 100 if is_full else 10
    cookies = live.cookies()
    before = {path: _median_s(live, cookies, path) for path in PATHS}
    live.code(
        f"""
from apps.tenants.services import provision_tenant
for n in range({more}): provision_tenant(slug=f"more{{n}}", name=f"More {{n}}")
"""
    )
    for path in PATHS:
        yield f"{path} with {more + 2} tenants against 2, seconds", _median_s(live, cookies, path), before[path]


def _median_s(live, cookies, path):
    times = []
    with live.http(Cookie=cookies) as client:
        for _ in range(25):
            started = time.perf_counter()
            client.get(path).raise_for_status()
            times.append(time.perf_counter() - started)
    return statistics.median(times[5:])
