"""pytest plugin (`-p tests.embedded`): real PostgreSQL and Redis for this run, thrown away afterwards.

It is imported before Django's settings, which need the addresses. DATABASE_URL and REDIS_URL from outside win.
"""

import atexit
import gc
import os
import shutil
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("SECRET_KEY", "for-tests-only-" + "x" * 40)
os.environ.setdefault("EMBEDDING_MODEL_DIR", str(ROOT / ".venv" / "embedding-model"))
os.environ.setdefault("PROVIDER_PRIVATE_HOSTS", "127.0.0.1")
# The keeper of leases has a connection of its own, which cannot see rows of a test that never commits.
os.environ.setdefault("JOB_HEARTBEAT_S", "3600")


def start() -> Path:
    """Start both servers on free ports in a fresh folder and set their addresses."""
    from config.standalone.services import running_services

    folder = Path(tempfile.mkdtemp(prefix="guildhall-test-"))
    folder.chmod(0o755)
    os.environ["GUILDHALL_DATA"] = str(folder)
    running = running_services(folder)
    services = running.__enter__()
    os.environ.update(services.environment)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(running.__exit__, None, None, None)
    return folder


def pytest_collection_finish(session):
    gc.enable()


# While pytest rewrites asserts, the collector must not run: CPython 3.11 may otherwise raise SystemError from ast.parse (see
# tests/checks/trees.py). This plugin comes first, and the last module is rewritten when all tests are collected.
gc.disable()
if not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
    start()
