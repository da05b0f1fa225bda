"""Runs every process of one instance, starts anew what dies, stops everything on Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.standalone.environment import ROOT, demo_password, fill_environment, uses_own_services
from config.standalone.processes import CannotStart, free_port, spawn, stop, tail
from config.standalone.services import Services, locked, running_services

READY_S = 120.0
RESTART_S = 1.0
STOP_S = 8.0


def _wanted_port() -> int:
    wanted = os.environ.get("PORT") or "8000"
    if not wanted.isdigit() or not 0 < int(wanted) < 65536:
        raise CannotStart(f"PORT is {wanted}, which is not a port. Use a number from 1 to 65535.")
    return int(wanted)


class Supervisor:
    """One instance on one data folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = _wanted_port()
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.started_at: dict[str, float] = {}
        self.is_ending = False
        self.begun = time.monotonic()

    def run(self) -> int:
        """Start, wait until everything is ready, tell the addresses, and keep it running. Raises CannotStart."""
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, self._end)
        self._check_port()
        with self._services() as services:
            if self.is_ending:
                return 0
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.development")
            fill_environment()
            os.environ.setdefault("PLATFORM_URL", f"http://localhost:{self.port}")
            os.environ["DEMO_PASSWORD"] = demo_password(self.folder)
            self._prepare()
            try:
                self._start_all()
                self._await_ready(services)
                if not self.is_ending:
                    self._tell_addresses()
                    self._keep(services)
            finally:
                self._stop_all()
        self.say("Stopped.")
        return 0

    @contextmanager
    def _services(self) -> Iterator[Services | None]:
        if uses_own_services():
            self.say("Using the PostgreSQL and Redis of DATABASE_URL and REDIS_URL.")
            with locked(self.folder):
                yield None
            return
        self.say("Starting PostgreSQL and Redis …")
        with running_services(self.folder) as services:
            yield services

    def _check_port(self) -> None:
        if free_port(self.port) != self.port:
            raise CannotStart(
                f"Port {self.port} is taken. Stop what uses it, or choose another one: PORT=8001 make run"
            )

    def _prepare(self) -> None:
        """Migrate, build the model, collect static files, seed the demo; the command prints its own progress."""
        done = subprocess.run([sys.executable, "manage.py", "prepare_standalone"], cwd=ROOT, check=False)
        if done.returncode and not self.is_ending:
            raise CannotStart("The preparation failed; the lines above say why.")

    def _commands(self) -> dict[str, list[str]]:
        celery = [sys.executable, "-m", "celery", "-A", "config.celery", "--quiet"]
        worker = [*celery, "worker", "--without-mingle", "--without-gossip", "--without-heartbeat", "-l", "WARNING"]
        agents = os.environ.get("AGENT_THREADS") or "32"
        documents = os.environ.get("DOCUMENT_PROCESSES") or str(max(1, (os.cpu_count() or 2) // 2))
        return {
            "web": [
                sys.executable,
                "-m",
                "daphne",
                "-b",
                os.environ.get("BIND") or "127.0.0.1",
                "-p",
                str(self.port),
                "--no-server-name",
                "-v",
                "0",
                "config.asgi:application",
            ],
            "agents": [*worker, "-n", "agents@%h", "-Q", "agents", "-P", "threads", "-c", agents],
            "documents": [*worker, "-n", "documents@%h", "-Q", "documents", "-P", "prefork", "-c", documents],
            "beat": [*celery, "beat", "-l", "WARNING", "--pidfile="],
        }

    def _start_all(self) -> None:
        self.say("Starting the web server and the workers …")
        for name in self._commands():
            self._start(name)

    def _start(self, name: str) -> None:
        log = self.folder / "log" / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        # What they do is durable, so they may fall with the supervisor; a SIGTERM can get lost while the database goes too.
        self.children[name] = spawn(
            self._commands()[name], log=log, environment=os.environ, cwd=ROOT, death_signal=signal.SIGKILL
        )
        self.started_at[name] = time.monotonic()
        pids = {child: process.pid for child, process in self.children.items()}
        written = self.folder / "pids.json.new"
        written.write_text(json.dumps(pids))
        written.replace(self.folder / "pids.json")

    def _await_ready(self, services: Services | None) -> None:
        deadline, answer = time.monotonic() + READY_S, "no answer"
        while time.monotonic() < deadline and not self.is_ending:
            self._revive(services)
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=5) as response:
                    if response.status == 200:
                        return
            except urllib.error.HTTPError as error:
                answer = error.read().decode(errors="replace")[:500]
            except OSError:
                pass
            time.sleep(0.25)
        if not self.is_ending:
            log = tail(self.folder / "log" / "web.log", 3)
            raise CannotStart(f"Not everything became ready within two minutes: {answer} {log}")

    def _keep(self, services: Services | None) -> None:
        while not self.is_ending:
            time.sleep(0.3)
            self._revive(services)

    def _revive(self, services: Services | None) -> None:
        for name, child in list(self.children.items()):
            if child.poll() is not None and not self.is_ending and time.monotonic() - self.started_at[name] > RESTART_S:
                self.say(f"{name} ended with {child.returncode}; starting it again.")
                self._start(name)
        if services is not None and not self.is_ending:
            services.revive(self.say)

    def _tell_addresses(self) -> None:
        lines = [f"Ready after {time.monotonic() - self.begun:.0f} s. Open one of these:", ""]
        lines += [
            f"  http://{slug}.localhost:{self.port}    amina@{slug}.example (admin) or jonas@{slug}.example"
            for slug in ("acme", "globex")
        ]
        lines += [
            "",
            f"  Password: {demo_password(self.folder)}",
            f"  API:      http://acme.localhost:{self.port}/docs",
            f"  Platform: http://localhost:{self.port} (sign up; /operations/ as operator@guildhall.example)",
            "",
            f"Logs are in {self.folder / 'log'}. Ctrl-C stops everything.",
        ]
        self.say("\n".join(lines))

    def _stop_all(self) -> None:
        self.is_ending = True
        for child in self.children.values():
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        for child in self.children.values():
            stop(child, how=signal.SIGTERM, patience_s=STOP_S)

    def _end(self, *_: object) -> None:
        if not self.is_ending:
            self.say("\nStopping …")
        self.is_ending = True

    def say(self, text: str) -> None:
        print(text, flush=True)
