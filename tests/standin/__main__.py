"""`python -m tests.standin`: a vendor without a key, for trying providers by hand and for load tests."""

import argparse
import signal
import threading

from tests.standin.server import StandIn, empty, fails, floods, raw, says, silent

FAULTS = {
    "429": lambda: fails(429, retry_after=5),
    "500": lambda: fails(500),
    "401": lambda: fails(401),
    "silent": lambda: silent(600),
    "stall": lambda: says("one two three four", stall_after=2),
    "cut": lambda: says("one two three four", cut_after=2),
    "malformed": lambda: raw("data: {not json"),
    "empty": empty,
    "flood": lambda: floods(100),
}


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.standin", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8099)
    parser.add_argument("--say", default="This answer was written by a stand-in, word by word.")
    parser.add_argument("--delay", type=float, default=0.02, metavar="S", help="seconds between words")
    parser.add_argument("--fault", choices=sorted(FAULTS), help="every request ends so")
    chosen = parser.parse_args()
    with StandIn(chosen.port, chosen.host) as server:
        server.script(FAULTS[chosen.fault]() if chosen.fault else says(chosen.say, delay_s=chosen.delay))
        print(f"OpenAI and compatible: {server.url}\nAnthropic, Gemini: {server.root}\nCtrl-C stops it.", flush=True)
        over = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: over.set())
        try:
            over.wait()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
