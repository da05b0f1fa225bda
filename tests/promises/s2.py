import time

from tests.live import wait_for

PROMISE = "a half-migrated tenant is not served"
FAULT = "a table of one tenant dropped"
PROMISED = "503 within 6 s, others served"


def prove(live, is_full):
    cookies = {slug: live.cookies(slug) for slug in ("acme", "globex")}

    def status(slug):
        with live.http(slug, Cookie=cookies[slug]) as client:
            return client.get("/chat/").status_code

    before = status("globex"), status("acme")
    live.sql("ALTER TABLE t_globex.conversations_citation RENAME TO away")
    started = time.monotonic()
    try:
        wait_for(lambda: status("globex") == 503, 10)
        took_s, other = time.monotonic() - started, status("acme")
    finally:
        live.sql("ALTER TABLE t_globex.away RENAME TO conversations_citation")
    wait_for(lambda: status("globex") == 200, 10)
    return f"503 after {took_s:.1f} s, other tenant {other}", before == (200, 200) and took_s < 6 and other == 200
