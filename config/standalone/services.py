"""PostgreSQL and Redis of one data folder: started together, found again by their recorded ports, locked once."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.standalone.environment import recorded_ports, secret
from config.standalone.postgres import Postgres
from config.standalone.processes import CannotStart, free_port
from config.standalone.redis import Redis

POSTGRES_PORT, REDIS_PORT = 54329, 63799


@dataclass(frozen=True)
class Services:
    """What is running, and the addresses to reach it by."""

    postgres: Postgres
    redis: Redis

    @property
    def environment(self) -> dict[str, str]:
        return {
            "DATABASE_URL": f"postgres://guildhall@127.0.0.1:{self.postgres.port}/guildhall",
            "REDIS_URL": f"redis://:{self.redis.password}@127.0.0.1:{self.redis.port}/0",
        }

    def revive(self, say: Callable[[str], None]) -> None:
        """Start a server that died again, on its port and with its data."""
        for name, server in (("PostgreSQL", self.postgres), ("Redis", self.redis)):
            if server.child is not None and server.child.poll() is not None:
                say(f"{name} ended with {server.child.returncode}; starting it again.")
                server.start()

    def are_alive(self) -> bool:
        children = (self.postgres.child, self.redis.child)
        return all(child is not None and child.poll() is None for child in children)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the data folder for this process. Raises CannotStart when another one has it, or it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w")
    except OSError as error:
        raise CannotStart(f"The folder {folder} cannot be written: {error.strerror}.") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotStart(f"Guildhall is running already on {folder}. Stop it first.") from None
        yield


@contextmanager
def running_services(folder: Path) -> Iterator[Services]:
    """Run PostgreSQL and Redis on the folder until the block ends. Raises CannotStart."""
    with locked(folder):
        known = recorded_ports(folder)
        postgres = Postgres(folder, free_port(known.get("postgres", POSTGRES_PORT)))
        redis = Redis(folder, free_port(known.get("redis", REDIS_PORT)), secret(folder, "redis_password"))
        try:
            _check_space(folder)
            postgres.start()
            redis.start()
            ports = {"postgres": postgres.port, "redis": redis.port}
            (folder / "ports.json").write_text(json.dumps(ports))
            yield Services(postgres, redis)
        finally:
            redis.stop()
            postgres.stop()


def _check_space(folder: Path, needed_bytes: int = 300 << 20) -> None:
    status = os.statvfs(folder)
    if status.f_bavail * status.f_frsize < needed_bytes:
        raise CannotStart(f"The disk under {folder} is full: Guildhall needs 300 MB to start.")
