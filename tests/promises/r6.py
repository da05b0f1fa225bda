import random
import threading

import orjson
from websockets.exceptions import ConnectionClosed

from tests.promises.load import ask_many, await_runs, model
from tests.standin.server import says

PROMISE = "no text lost or doubled"
FAULT = "socket cut at random points, two tabs, streams resumed"
PROMISED = "page and stream equal the stored text"
WORDS = [f"w{n} " if n % 6 else f"\n\n- P{n} " for n in range(60)]


class Tab:
    """What chat.js does with the frames, without a browser: blocks by number, one open tail."""

    def __init__(self, live, cookies, message):
        self.live, self.cookies, self.message = live, cookies, message
        self.blocks, self.tail, self.done, self.cuts, self.broken = [], "", False, 0, 0

    def run(self, cut_after):
        while not self.done:
            limit = cut_after.pop(0) if cut_after else None
            with self.live.socket(self.message["conversation"], self.cookies) as socket:
                seen = {self.message["id"]: len(self.blocks)}
                socket.send(
                    orjson.dumps(
                        {"t": "hello", "page": [self.message["parent"], self.message["id"]], "seen": seen}
                    ).decode()
                )
                try:
                    self.listen(socket, limit)
                except ConnectionClosed:
                    self.broken += 1
            self.tail = "" if not self.done else self.tail

    def told(self):
        """Say where this tab stands."""
        return f"done {self.done}, {self.cuts} cuts, {self.broken} broken, {len(self.blocks)} blocks, last {self.blocks[-1:]!r}"

    def listen(self, socket, limit):
        while not self.done and limit != 0:
            frame = orjson.loads(socket.recv(timeout=30))
            limit = limit - 1 if limit is not None else None
            if frame["t"] == "blk":
                self.blocks[frame["i"] :] = [frame["html"]]
            elif frame["t"] == "tail":
                self.blocks[frame["i"] :] = []
                self.tail = frame["html"]
            elif frame["t"] == "done":
                self.done = True
        if limit == 0:
            self.cuts += 1


def prove(live, is_full):
    count = 200 if is_full else 24
    generator, good, cuts = random.Random(7), 0, 0
    cookies = [live.cookies(login="amina")]
    with model(live, says("", tokens=WORDS, delay_s=0.02)), live.api() as api:
        for start in range(0, count, 4):
            messages = ask_many(api, min(4, count - start))
            tabs = [Tab(live, cookies[0], message) for message in messages for _ in range(2)]
            threads = [
                threading.Thread(
                    target=tab.run, args=([generator.randint(0, 25) for _ in range(generator.randint(1, 4))],)
                )
                for tab in tabs
            ]
            streams = {message["run"]: _streamed(live, api, message["run"], generator) for message in messages[:1]}
            [thread.start() for thread in threads]
            [thread.join(60) for thread in threads]
            await_runs(live, [message["run"] for message in messages])
            good += sum(
                _is_equal(live, api, message, [t for t in tabs if t.message is message], streams)
                for message in messages
            )
            cuts += sum(tab.cuts for tab in tabs)
    return f"{good}/{count} equal, {cuts} cuts", good == count


def _streamed(live, api, run, generator):
    """Read the server-sent events with cuts; return the text put together from them."""
    text, last = "", ""
    while True:
        limit = generator.randint(3, 12)
        with api.stream("GET", f"/api/v1/runs/{run}/events", headers={"Last-Event-ID": last} if last else {}) as answer:
            event = {}
            for line in answer.iter_lines():
                key, _, value = line.partition(": ")
                if line:
                    event[key] = value
                    continue
                data = orjson.loads(event.get("data", "{}"))
                last = event.get("id", last)
                if event.get("event") == "end":
                    return text
                text = data["text"] if event.get("event") == "discard" else text + data.get("d", "")
                event, limit = {}, limit - 1
                if not limit:
                    break


def _is_equal(live, api, message, tabs, streams):
    from apps.core.markdown import render_blocks

    stored = api.get(f"/api/v1/conversations/{message['conversation']}/messages/{message['id']}").json()["text"]
    streamed = streams.get(message["run"])
    wrong = [
        *(["stored"] if stored != "".join(WORDS) else []),
        *(f"tab {tab.told()}" for tab in tabs if tab.blocks != render_blocks(stored)),
        *([f"stream {streamed!r}"] if streamed not in (None, stored) else []),
    ]
    for what in wrong:
        print(f"     R6: not equal: {what}; stored {stored!r}"[:2000], flush=True)
    return not wrong
