"""Guessing passwords: how many of many guesses are looked at, and whether the time tells that an account is there."""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor

from tests.live import PASSWORD

PROMISED = 30  # in ten minutes
ACCOUNTS, TRIES = 30, 4  # fewer than the limit lets through, so that each is looked at


def measure(live, is_full):
    guesses = 10_000 if is_full else 500
    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool, live.http() as client:
        seen = list(pool.map(lambda n: guess(client, "jonas@acme.example", n)[0], range(guesses)))
    took_s = time.monotonic() - began
    assert set(seen) <= {401, 429}, set(seen)
    windows = max(1.0, took_s / 600)
    yield f"guesses looked at of {guesses} in {took_s:.0f} s (30)", seen.count(401) / windows, PROMISED
    known, unknown = medians(live)
    yield "wrong guess, account known, ms (unknown)", known * 1000, unknown * 1000


def guess(client, email, number):
    """One wrong guess by API, from an address of its own; return the status and the seconds that it took."""
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    body = {"email": email, "password": f"guess {number}"}
    began = time.perf_counter()
    answer = client.post("/api/v1/auth/login", json=body, headers={"X-Forwarded-For": address})
    return answer.status_code, time.perf_counter() - began


def medians(live):
    """The median seconds of a wrong guess at accounts that are there, and at ones that are not."""
    live.code(
        f"""
from apps.tenants.hosts import tenant_for_slug
from apps.core.tenancy import tenant_context
from apps.accounts.services.members import create_user
with tenant_context(tenant_for_slug("acme")):
    for n in range({ACCOUNTS}): create_user(email=f"known{{n}}@acme.example", name="K", password="{PASSWORD}")
"""
    )
    took_s = {"known": [], "unknown": []}
    with live.http() as client:
        for n in range(ACCOUNTS * TRIES):
            for kind, seconds in took_s.items():
                status, one_s = guess(client, f"{kind}{n % ACCOUNTS}@acme.example", 1_000_000 + n)
                assert status == 401, status
                seconds.append(one_s)
    return [statistics.median(seconds) for seconds in took_s.values()]
