"""`python -m config.standalone run | services`: everything, or PostgreSQL and Redis alone, until Ctrl-C."""

import signal
import sys
import threading

from config.standalone.environment import data_dir
from config.standalone.processes import CannotStart


def main() -> int:
    command = sys.argv[1] if len(sys.argv) > 1 else "run"
    try:
        if command == "services":
            return _serve_only()
        from config.standalone.supervisor import Supervisor

        return Supervisor(data_dir()).run()
    except CannotStart as error:
        print(f"\nGuildhall cannot start: {error}", file=sys.stderr)
        return 1


def _serve_only() -> int:
    from config.standalone.services import running_services

    ended = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: ended.set())
    with running_services(data_dir()) as services:
        for key, value in services.environment.items():
            print(f"{key}={value}", flush=True)
        while not ended.wait(0.5) and services.are_alive():
            pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
