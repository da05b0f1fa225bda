"""The embedded PostgreSQL comes back after a kill, whatever its sessions were doing."""

import signal
import threading
from contextlib import suppress

import psycopg
import pytest

from config.standalone.postgres import Postgres
from config.standalone.processes import CannotStart, free_port
from config.standalone.redis import Redis

BUSY_FOR_A_WHILE = "SELECT count(*) FROM generate_series(1, 20000000)"  # some seconds without a look at the server


@pytest.fixture
def postgres(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cluster")
    for place in (folder, *folder.parents[:2]):
        place.chmod(0o755)
    server = Postgres(folder, free_port())
    server.start()
    yield server
    server.stop()


def connect(server):
    return psycopg.connect(f"host=127.0.0.1 port={server.port} user=guildhall dbname=guildhall", autocommit=True)


def test_a_session_that_still_computes_is_waited_for(postgres):
    began = threading.Event()

    def compute():
        with suppress(psycopg.OperationalError), connect(postgres) as connection:
            began.set()
            connection.execute(BUSY_FOR_A_WHILE)

    session = threading.Thread(target=compute)
    session.start()
    assert began.wait(10)
    with connect(postgres) as connection:
        while not connection.execute(
            "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query = %s", [BUSY_FOR_A_WHILE]
        ).fetchone():
            pass
    idle = [connect(postgres) for _ in range(8)]  # they write their last words into the log of the next server
    postgres.child.send_signal(signal.SIGKILL)
    postgres.child.wait(10)
    postgres.start()
    session.join(60)
    for connection in idle:
        connection.close()
    assert "pre-existing shared memory block" in postgres.log.read_text()
    with connect(postgres) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize("kind", ("postgres", "redis"))
def test_port_that_somebody_took_meanwhile_is_left_to_them(postgres, tmp_path_factory, kind):
    folder = tmp_path_factory.mktemp("second")
    folder.chmod(0o755)
    other = Postgres(folder, postgres.port) if kind == "postgres" else Redis(folder, postgres.port, "password")
    other.start()
    try:
        assert other.port != postgres.port and other.child.poll() is None
        with connect(postgres) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS here (n int)")
        if kind == "postgres":
            with connect(other) as connection:
                assert connection.execute("SELECT to_regclass('here')").fetchone() == (None,)
    finally:
        other.stop()


def test_what_no_waiting_mends_is_told_at_once(postgres):
    postgres.stop()
    (postgres.folder / "global" / "pg_control").unlink()
    with pytest.raises(CannotStart, match="PostgreSQL did not start"):
        postgres.start()
