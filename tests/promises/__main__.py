"""`make prove`: run the rows and print promise, fault, figure promised and figure reached."""

import importlib
import os
import sys
import time
import traceback
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")


def rows():
    wanted, skipped = _named("ONLY"), _named("SKIP")
    names = sorted(path.stem for path in Path(__file__).parent.glob("[rs][0-9]*.py"))
    names.sort(key=lambda name: (name[0] != "s", int(name[1:])))
    return [name for name in names if name.upper() not in skipped and (not wanted or name.upper() in wanted)]


def _named(variable):
    return {name.strip().upper() for name in os.environ.get(variable, "").split(",") if name.strip()}


def main():
    from tests.live import Live

    is_full = os.environ.get("SCALE", "small") == "full"
    failed = {}
    print(f"{'row':4} {'reached':46} {'promised':34} {'fault':52} promise", flush=True)
    environment = {"PROVIDER_SILENCE_S": "8", "PROVIDER_TIMEOUT_S": "8", "WEBHOOK_DELAYS_S": "0.3,0.6,1,1,2,2,3,3"}
    with Live(**environment) as live:
        for name in rows():
            module = importlib.import_module(f"tests.promises.{name}")
            started = time.monotonic()
            try:
                reached, is_kept = module.prove(live, is_full)
            except Exception as error:
                traceback.print_exc()
                reached, is_kept = f"{type(error).__name__}: {error}"[:200], False
            mark = " " if is_kept else "!"
            took_s = time.monotonic() - started
            print(
                f"{name.upper():3}{mark} {reached:46} {module.PROMISED:34} {module.FAULT:52} {module.PROMISE} ({took_s:.0f} s)",
                flush=True,
            )
            if not is_kept:
                failed[name.upper()] = reached
        if failed:
            for log in sorted((live.folder / "log").glob("*.log")):
                print(f"--- {log.name}\n{log.read_text(errors='replace')[-2500:]}")
        for name, reached in failed.items():
            print(f"not kept: {name}: {reached}")
    print(f"{len(rows()) - len(failed)} passed, {len(failed)} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
