"""pytest plugin (`-p tests.embedded`): real PostgreSQL and Redis for this run, thrown away afterwards.

It is imported before Django's settings, which need the addresses. DATABASE_URL and REDIS_URL from outside win.
"""

import ast
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


def _parse(*args, _parse=ast.parse, **options):
    """Parse again where CPython 3.11 loses count of its own recursion ("AST constructor recursion depth mismatch")."""
    for _ in range(20):
        try:
            return _parse(*args, **options)
        except SystemError as error:
            again = error
    raise again


# pytest parses each test module to rewrite its asserts, and some installed plugins' modules before that. The collector makes the
# miscount likelier, so it rests until all tests are collected. This plugin comes first.
ast.parse = _parse
gc.disable()
if not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
    start()
