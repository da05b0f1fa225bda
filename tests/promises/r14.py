import json
import random
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.live import free_port, wait_for

PROMISE = "what happens here is told outside, in order"
FAULT = "the receiver is down, then slow and failing; another one never answers well"
PROMISED = "all delivered, in order per object; the rest is listed"
DOWN_S, UNSURE_S = 4, 8
OBJECTS = 50
WRITE = """
from apps.core.tenancy import tenant_context
from apps.integrations import publishing
from apps.integrations.models import Webhook
from apps.tenants.hosts import tenant_for_slug
with tenant_context(tenant_for_slug("acme")):
    for name, port, amount in (("Receiver", {port}, {amount}), ("Broken", {broken}, 20)):
        row = Webhook(name=name, url=f"http://127.0.0.1:{{port}}/", events=[])  # nothing but what is written here
        row.set_secret("whsec_AAAA")
        row.save()
        for n in range(amount):
            publishing.write(row, "run.finished", f"object:{{n % {objects}}}", {{"object": n % {objects}, "n": n}})
"""
GONE = """
from apps.core.tenancy import tenant_context
from apps.integrations.models import Webhook
from apps.tenants.hosts import tenant_for_slug
with tenant_context(tenant_for_slug("acme")): Webhook.objects.all().delete()
"""


def prove(live, is_full):
    amount = 1000 if is_full else 200
    port, broken = free_port(), _Receiver(0, is_broken=True)
    code = WRITE.format(port=port, broken=broken.port, amount=amount, objects=OBJECTS)
    writing = threading.Thread(target=lambda: live.code(code))
    writing.start()
    wait_for(lambda: _states(live, "Receiver"), timeout_s=60)
    time.sleep(DOWN_S)
    receiver = _Receiver(port)
    try:
        writing.join()
        wait_for(lambda: _states(live, "Receiver").get("queued", 0) == 0, timeout_s=300)
        wait_for(lambda: _states(live, "Broken").get("queued", 0) == 0, timeout_s=120)
        sent, dead = _states(live, "Receiver"), _states(live, "Broken")
    finally:
        receiver.close(), broken.close()
        live.code(GONE)
    taken = receiver.taken
    ordered = sum(numbers == sorted(numbers) for numbers in taken.values())
    arrived = sum(map(len, taken.values()))
    reached = f"{arrived} of {amount} ({receiver.refused} refused first), {ordered} of {OBJECTS} in order, {dead.get('dead', 0)} of 20 listed"
    return reached, arrived == amount == sent.get("sent") and ordered == OBJECTS and dead == {"dead": 20}


def _states(live, name):
    query = """SELECT d.state, count(*) FROM integrations_webhookdelivery d JOIN integrations_webhook w ON w.id = d.webhook_id
               WHERE w.name = %s GROUP BY d.state"""
    return dict(live.sql(query, name, schema="t_acme"))


class _Receiver:
    """Takes messages; for its first seconds it fails a third and is slow with a tenth. `taken` is what it took, by object, each once."""

    def __init__(self, port, *, is_broken=False):
        self.taken, self.refused, self._seen = {}, 0, set()
        self._lock, self._begun, self._is_broken = threading.Lock(), time.monotonic(), is_broken
        outer, chance = self, random.Random(14)

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                is_unsure = time.monotonic() - outer._begun < UNSURE_S
                if is_unsure and chance.random() < 0.1:
                    time.sleep(1)
                is_taken = not outer._is_broken and not (is_unsure and chance.random() < 0.33)
                outer._take(self.headers["webhook-id"], json.loads(body)["data"]) if is_taken else outer._refuse()
                self.send_response(204 if is_taken else 500)
                self.end_headers()

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _take(self, message, data):
        with self._lock:
            if message not in self._seen:
                self._seen.add(message)
                self.taken.setdefault(data["object"], []).append(data["n"])

    def _refuse(self):
        with self._lock:
            self.refused += 1

    def close(self):
        self._server.shutdown()
        self._server.server_close()
