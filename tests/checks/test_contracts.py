"""The import contracts hold, and each one breaks when it is breached on purpose."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BREACHES = {
    "Apps form one stack; imports point down": ("apps/tenants/models.py", "import apps.agents.models"),
    "Apps do not know how they are put together": ("apps/agents/services/runs.py", "import config.urls"),
    "Inside an app: doors, services, workers, rules, tables": (
        "apps/agents/models/agents.py",
        "import apps.agents.services.runs",
    ),
    "The agent loop, the port and the splitter know no framework": ("apps/agents/loop.py", "import django.db"),
    "Only provider adapters touch vendor SDKs": ("apps/agents/runs/asking.py", "import openai"),
    "Only the registry touches provider adapters": (
        "apps/knowledge/search.py",
        "import apps.providers.adapters.minilm",
    ),
    "Sockets stay at the edge": ("apps/agents/services/runs.py", "import channels.layers"),
    "REST framework stays in api modules": ("apps/knowledge/services/documents.py", "import rest_framework.status"),
    "Celery stays in tasks": ("apps/agents/services/runs.py", "import celery"),
    "No cycles between modules anywhere": ("apps/core/errors.py", "import apps.core.tenancy"),
}


def lint(folder):
    return subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"], cwd=folder, capture_output=True, text=True
    )


def test_contracts_hold():
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout[-2000:]
    assert {line.rsplit(" ", 1)[0] for line in result.stdout.splitlines() if line.endswith("KEPT")} == set(BREACHES)


@pytest.mark.parametrize("contract", BREACHES)
def test_breach_is_caught(contract, tmp_path):
    for name in ("apps", "config"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "demo"))
    (tmp_path / "apps/dashboard/demo").mkdir()
    (tmp_path / "apps/dashboard/demo/__init__.py").touch()
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    path, line = BREACHES[contract]
    source = tmp_path / path
    source.write_text(source.read_text() + f"\n{line}\n")
    result = lint(tmp_path)
    assert f"{contract} BROKEN" in result.stdout, result.stdout[-1500:]
