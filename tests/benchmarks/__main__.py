"""`make bench`: run the benchmarks and print a table. ONLY=streams,pages picks; SCALE=full uses the full numbers."""

import importlib
import os
import sys
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
NAMES = ("streams", "pages", "kills", "retrieval", "search", "ingestion", "guesses", "usage")


def main():
    from tests.live import Live

    wanted = [name for name in os.environ.get("ONLY", "").split(",") if name] or NAMES
    is_full = os.environ.get("SCALE", "small") == "full"
    print(f"{'benchmark':44} {'measured':>12} {'beside':>12} {'ratio':>8}", flush=True)
    with Live(TRUSTED_PROXY_COUNT="1") as live:  # so that one client can speak for many addresses
        for name in wanted:
            started = time.monotonic()
            for title, measured, beside in importlib.import_module(f"tests.benchmarks.{name}").measure(live, is_full):
                ratio = f"{measured / beside:8.2f}" if beside else "       –"
                print(f"{title:44} {measured:12.4g} {beside or 0:12.4g} {ratio}", flush=True)
            print(f"({name}: {time.monotonic() - started:.0f} s)", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
