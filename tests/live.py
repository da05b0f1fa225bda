"""The whole product as `make run` starts it, on a folder and port of its own: for browsers, sockets and faults."""

import json
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx
import websockets.sync.client

from config.standalone.processes import free_port, spawn

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "correct horse battery"
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Live:
    """A running instance. `client(slug)` signs in by page, `token(slug)` by API."""

    def __init__(self, **environment):
        self.folder = Path(tempfile.mkdtemp(prefix="guildhall-live-"))
        self.folder.chmod(0o755)
        self.port = free_port()
        keep = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE")}
        self.environment = (
            keep
            | {
                "GUILDHALL_DATA": str(self.folder),
                "PORT": str(self.port),
                "DEMO_PASSWORD": PASSWORD,
                "JOB_LEASE_S": "3",
                **{f"LIMIT_{name}": "1000000" for name in ("USER", "KEY", "ADDRESS", "TENANT", "CHAT")},
                "JOB_HEARTBEAT_S": "1",
                "PROVIDER_PRIVATE_HOSTS": "127.0.0.1",
                "TOOL_PRIVATE_HOSTS": "127.0.0.1",
                "LOG_LEVEL": "WARNING",
                "EMBEDDING_MODEL_DIR": str(ROOT / ".venv" / "embedding-model"),
                "DJANGO_SETTINGS_MODULE": "config.settings.development",
            }
            | environment
        )
        self.log = self.folder / "supervisor.log"
        self.secrets = {}  # by name: what must be found nowhere afterwards
        self.process = None
        self.shell, self.alone = None, threading.Lock()

    def start(self):
        command = [sys.executable, "-m", "config.standalone", "run"]
        self.process = spawn(command, log=self.log, environment=self.environment, cwd=ROOT)  # falls with the tests
        deadline = time.monotonic() + 480
        while time.monotonic() < deadline:
            if "Ready after" in self.log.read_text():
                return self
            if self.process.poll() is not None:
                break
            time.sleep(0.2)
        self.stop()
        raise RuntimeError(self.log.read_text()[-3000:])

    def stop(self):
        if self.shell is not None:
            self.shell.communicate()  # the end of its input ends it
            self.shell = None
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)

    def __enter__(self):
        return self.start()

    def __exit__(self, *exc):
        self.stop()

    def url(self, slug="acme"):
        return f"http://{slug}.localhost:{self.port}"

    def pids(self):
        return json.loads((self.folder / "pids.json").read_text())

    def environment_of(self, name):
        """Return the variables that a process was started with, the addresses and keys of this instance among them."""
        held = Path(f"/proc/{self.pids()[name]}/environ").read_text().split("\0")
        return dict(entry.split("=", 1) for entry in held if entry)

    def kill(self, name):
        """SIGKILL a process with its children, as a machine would lose it."""
        os.killpg(os.getpgid(self.pids()[name]), signal.SIGKILL)

    def kill_server(self, name):
        """SIGKILL postgres or redis by the program's command line."""
        marker = {"postgres": f"{self.folder}/postgres", "redis": f"{self.folder}/redis"}[name]
        found = subprocess.run(["pgrep", "-f", marker], capture_output=True, text=True).stdout.split()
        for pid in found:
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                pass
        return bool(found)

    def ports(self):
        return json.loads((self.folder / "ports.json").read_text())

    def redis(self):
        import redis

        password = (self.folder / "secrets" / "redis_password").read_text()
        return redis.Redis(port=self.ports()["redis"], password=password)

    def sql(self, statement, *parameters, schema="public"):
        """Run a statement beside the product, with the rows it gives."""
        import psycopg

        url = f"host=127.0.0.1 port={self.ports()['postgres']} user=guildhall dbname=guildhall"
        with psycopg.connect(
            url, autocommit=True, options=f"-c search_path={schema},extensions", connect_timeout=5
        ) as connection:
            cursor = connection.execute(statement, parameters or None)
            return cursor.fetchall() if cursor.description else []

    def manage(self, *arguments):
        """Run a command of manage.py in this instance's environment; return what it printed."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def code(self, text):
        """Run Python in this instance's environment, in the platform's schema; return what it printed."""
        with self.alone:
            if self.shell is None or self.shell.poll() is not None:
                command, log = [sys.executable, "-m", "tests.shell"], (self.folder / "shell.log").open("ab")
                self.shell = subprocess.Popen(
                    command, cwd=ROOT, env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
                )
            self.shell.stdin.write(json.dumps(text).encode() + b"\n")
            self.shell.stdin.flush()
            done = json.loads(self.shell.stdout.readline())
        assert not done["error"], done["error"][-3000:]
        return done["out"]

    def use_model(self, url, *slugs):
        """Put the agents of tenants (acme, if none is named) on a model at this address, under a key of its own."""
        key = f"sk-{secrets.token_urlsafe(24)}"
        self.secrets[f"used key {len(self.secrets)}"] = key
        self.code(
            f"""
from apps.tenants.hosts import tenant_for_slug
from apps.core.tenancy import tenant_context
from apps.providers.models import *
from apps.agents.models import Agent
for slug in {slugs or ("acme",)!r}:
    with tenant_context(tenant_for_slug(slug)):
        p, _ = Provider.objects.update_or_create(name="Stand-in", defaults=dict(kind="openai_compatible", base_url="{url}"))
        p.set_api_key("{key}")
        p.save()
        m, _ = ProviderModel.objects.get_or_create(provider=p, name="scripted")
        Agent.objects.update(model=m)
"""
        )

    def mailed(self, pattern):
        """Return what the pattern finds in the messages sent so far, once there is anything; workers print them to their logs."""

        def find():
            logs = sorted((self.folder / "log").glob("*.log"), key=lambda log: log.stat().st_mtime)
            return re.findall(pattern, "".join(log.read_text(errors="replace") for log in logs))

        return wait_for(find, 20)

    def http(self, slug="acme", **headers):
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}",
            headers={"Host": f"{slug}.localhost:{self.port}", **headers},
            timeout=30,
            trust_env=False,
        )

    def token(self, slug="acme", login="amina"):
        with self.http(slug) as client:
            answer = client.post("/api/v1/auth/login", json={"email": f"{login}@{slug}.example", "password": PASSWORD})
            pair = answer.raise_for_status().json()
        self.secrets |= {
            f"{name} token {len(self.secrets)}": text for name, text in pair.items() if name in ("access", "refresh")
        }
        return pair["access"]

    def api(self, slug="acme", login="amina"):
        return self.http(slug, Authorization=f"Bearer {self.token(slug, login)}")

    def cookies(self, slug="acme", login="amina"):
        """Sign in by page; return the Cookie header."""
        with self.http(slug) as client:
            page = client.get("/accounts/login/")
            token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)[1]
            jar = {c.split("=")[0]: c.split("=")[1].split(";")[0] for c in page.headers.get_list("set-cookie")}
            answer = client.post(
                "/accounts/login/",
                headers={"Cookie": _header(jar)},
                data={"csrfmiddlewaretoken": token, "login": f"{login}@{slug}.example", "password": PASSWORD},
            )
            assert answer.status_code == 302, answer.text[:500]
            jar |= {c.split("=")[0]: c.split("=")[1].split(";")[0] for c in answer.headers.get_list("set-cookie")}
        return _header(jar)

    def socket(self, conversation, cookies, *, slug="acme", origin="own", host=None):
        """Open a chat socket as a page of the tenant would; `origin=None` sends no such header."""
        name = host or f"{slug}.localhost:{self.port}"
        return websockets.sync.client.connect(
            f"ws://{name}/ws/chat/{conversation}/",
            additional_headers={"Cookie": cookies},
            origin=f"http://{slug}.localhost:{self.port}" if origin == "own" else origin,
            sock=_connected(self.port),
            open_timeout=15,
            proxy=None,
        )

    def visit(self, visit, *, slug="acme"):
        """Open the socket of a visitor's conversation, as the frame of a tenant would."""
        name = f"{slug}.localhost:{self.port}"
        return websockets.sync.client.connect(
            f"ws://{name}/ws/visits/{visit['conversation']}/?ticket={visit['ticket']}",
            origin=f"http://{name}",
            sock=_connected(self.port),
            open_timeout=15,
            proxy=None,
        )

    def follow(self, url):
        """Open a socket at an address that a ticket gave, whether its host resolves or not."""
        return websockets.sync.client.connect(
            url, sock=_connected(self.port), subprotocols=["guildhall.run.v1"], open_timeout=15, proxy=None
        )


def _connected(port):
    import socket

    return socket.create_connection(("127.0.0.1", port), 10)


def _header(jar):
    return "; ".join(f"{name}={value}" for name, value in jar.items())


def wait_for(check, timeout_s=30, every_s=0.1):
    """Return the first true value of `check()`; None counts as not yet. Raises AssertionError after the time-out."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        value = check()
        if value:
            return value
        time.sleep(every_s)
    raise AssertionError("It did not happen in time.")
