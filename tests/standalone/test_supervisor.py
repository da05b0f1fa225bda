"""One command starts everything, says plainly what stands in its way, and leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config.standalone.processes import CannotStart, free_port
from config.standalone.services import _check_space
from tests.live import ROOT, Live, wait_for


def processes_of(folder):
    """Command lines of living processes that name this data folder, in their arguments or environment."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes()
                environment = (entry / "environ").read_bytes()
                state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
            except OSError:
                continue
            if state != "Z" and str(folder).encode() in command + environment:
                found.append((entry.name, command.replace(b"\0", b" ").decode()))
    return found


def start_again(live, **environment):
    command = [sys.executable, "-m", "config.standalone", "run"]
    return subprocess.run(
        command, cwd=ROOT, env=live.environment | environment, capture_output=True, text=True, timeout=60
    )


def test_life_of_an_instance():
    live = Live()
    with live:
        with live.api() as api:
            documents = {row["id"] for row in api.get("/api/v1/knowledge-base/documents").json()["results"]}
        [collected] = live.folder.rglob("collected.sha256")
        collected_at = collected.stat().st_mtime_ns
        second = start_again(live, PORT=str(free_port()))
        assert (second.returncode, "running already" in second.stderr) == (1, True)
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            taken = start_again(live, PORT=str(other.getsockname()[1]), GUILDHALL_DATA=str(live.folder / "other"))
        assert (taken.returncode, "is taken" in taken.stderr) == (1, True)
    wait_for(lambda: not processes_of(live.folder), 20)
    live.log.write_text("")
    live.start()
    assert collected.stat().st_mtime_ns == collected_at  # what the first start prepared is not prepared again
    with live.api() as api:
        assert {row["id"] for row in api.get("/api/v1/knowledge-base/documents").json()["results"]} == documents
    assert len(documents) == 3
    os.kill(live.process.pid, signal.SIGKILL)
    live.process.wait(10)
    wait_for(lambda: not processes_of(live.folder), 60)


def test_port_that_is_none_is_told():
    result = start_again(Live(), PORT="eighty")
    assert (result.returncode, "not a port" in result.stderr, "Traceback" in result.stderr) == (1, True, False)


def test_folder_that_cannot_be_written_is_told(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("x")
    result = start_again(Live(), GUILDHALL_DATA=str(blocked / "inside"))
    assert result.returncode == 1
    assert "cannot be written" in result.stderr
    assert "Traceback" not in result.stderr


def test_full_disk_is_told(tmp_path):
    with pytest.raises(CannotStart, match="is full: Guildhall needs 300 MB"):
        _check_space(tmp_path, needed_bytes=1 << 60)


def test_own_database_and_redis_are_used_instead():
    brought = Live()
    command = [sys.executable, "-m", "config.standalone", "services"]
    with subprocess.Popen(command, cwd=ROOT, env=brought.environment, stdout=subprocess.PIPE, text=True) as services:
        try:
            urls = dict(services.stdout.readline().strip().split("=", 1) for _ in range(2))
            with Live(**urls) as live:
                with live.api() as api:
                    assert len(api.get("/api/v1/knowledge-base/documents").json()["results"]) == 3
                assert not (live.folder / "postgres").exists() and not (live.folder / "redis").exists()
            assert services.poll() is None
        finally:
            services.send_signal(signal.SIGINT)
    wait_for(lambda: not processes_of(brought.folder), 20)
