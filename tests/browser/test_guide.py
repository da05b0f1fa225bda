"""The five tasks of the guide for integrators, pasted as they stand: in the shell, and in Python with the typed client."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]
SCOPES = [
    f"{area}:{may}" for area in ("agents", "conversations", "knowledge", "connections") for may in ("read", "write")
]


@pytest.fixture(scope="module")
def tasks():
    """{language: its blocks of the section, in order}."""
    guide = (ROOT / "docs" / "integrators.md").read_text()
    section = guide.partition("## Five tasks")[2].partition("\n## ")[0]
    return {name: re.findall(rf"^```{name}\n(.*?)^```", section, re.S | re.M) for name in ("sh", "python")}


@pytest.fixture(scope="module")
def environment(live, tmp_path_factory):
    """What the guide says to export, and where the typed client was made."""
    client = tmp_path_factory.mktemp("client")
    generator = Path(sys.executable).parent / "openapi-python-client"
    command = [generator, "generate", "--path", ROOT / "docs" / "openapi.json", "--config"]
    command += [ROOT / "docs" / "python-client.yaml", "--meta", "none", "--output-path", client / "guildhall_client"]
    made = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert made.returncode == 0 and "warning" not in made.stdout.lower(), made.stdout + made.stderr
    with live.api() as api:
        key = api.post("/api/v1/api-keys/", json={"name": "Guide", "scopes": SCOPES}).json()
        live.secrets["key of the guide"] = key["text"].rpartition("_")[2]
        address = f"http://localhost:{live.port}/api/v1"
        yield os.environ | {
            "GUILDHALL": address,
            "KEY": key["text"],
            "PYTHONPATH": str(client),
            "NO_PROXY": "*",
            "RECEIVER": "http://127.0.0.1:9",
        }
        api.delete(f"/api/v1/api-keys/{key['key']['id']}")


def pasted(command, text, environment, folder):
    done = subprocess.run(
        command, input=text, env=environment, cwd=folder, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def test_tasks_in_the_shell_and_in_python(live, tasks, environment, tmp_path):
    assert len(tasks["sh"]) == len(tasks["python"]) == 6
    said = pasted(
        ["bash", "-euo", "pipefail"], "\n".join([*tasks["sh"], "echo WEBHOOK=$WEBHOOK"]), environment, tmp_path
    )
    assert "28 days" in said and "Staff handbook.pdf" in said
    assert "event: end" in said and "06:30" in said and "'topic', 'reader'" in said
    assert (tmp_path / "brief.pdf").read_bytes().startswith(b"%PDF")
    assert "('webhook.trial'" in said and '"is_active":false' in said

    (tmp_path / "brief.pdf").unlink()
    webhook = re.search(r"WEBHOOK=(\S+)", said)[1]
    told = pasted([sys.executable, "-"], "\n".join(tasks["python"]), environment | {"WEBHOOK": webhook}, tmp_path)
    assert "28 days" in told and "['Staff handbook.pdf'" in told and "22:15" in told
    assert "200 412 /docs/problems#precondition_failed" in told
    assert (tmp_path / "brief.pdf").read_bytes().startswith(b"%PDF")
    with live.api() as api:
        assert api.delete(f"/api/v1/webhooks/{webhook}").status_code == 204
