"""What is committed beside the code says what the code says: OpenAPI snapshot, migrations, catalogues, docs."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from jsonschema import Draft202012Validator
from django.urls import NoReverseMatch, resolve, reverse

from apps.core.tenancy import public_context
from tests.checks import catalogues

ROOT = Path(__file__).resolve().parents[2]
SNAPSHOTS = {"config.urls": "openapi.json", "config.urls_public": "openapi-platform.json"}


def test_examples_of_the_api_are_as_it_describes():
    document = json.loads((ROOT / "docs" / "openapi.json").read_text())
    bodies = [
        (f"{method} {path}", body["schema"], example["value"])
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        for body in operation.get("requestBody", {}).get("content", {}).values()
        for example in body.get("examples", {}).values()
    ]
    assert {"post /api/v1/workflows/", "post /api/v1/agents/{id}/chat"} <= {name for name, _schema, _value in bodies}
    for name, schema, value in bodies:
        whole = {"components": document["components"]} | schema
        assert not list(Draft202012Validator(whole).iter_errors(value)), name
        described = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]["properties"]
        assert set(value) <= set(described), name


@pytest.mark.parametrize("urlconf", SNAPSHOTS)
def test_openapi_snapshot_is_current(urlconf, tmp_path, db):
    """After a wanted change: make openapi"""
    out = tmp_path / "openapi.json"
    with public_context():
        call_command(
            "spectacular",
            "--format",
            "openapi-json",
            "--file",
            str(out),
            "--fail-on-warn",
            "--validate",
            urlconf=urlconf,
        )
    assert json.loads(out.read_text()) == json.loads((ROOT / "docs" / SNAPSHOTS[urlconf]).read_text())


def test_no_migration_is_missing(db):
    with public_context():
        call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_every_message_is_translated():
    """After a change of words: make catalogues

    In a process of its own: CPython 3.11's ast module counts its recursion for all threads together, and the suite has
    servers in threads (SystemError: AST constructor recursion depth mismatch).
    """
    command = [sys.executable, "-m", "tests.checks.catalogues", "--check"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (result.returncode, result.stdout.strip()) == (0, ""), result.stderr[-2000:]


def test_compiled_catalogue_is_current():
    import io

    from babel.messages.mofile import read_mo, write_mo

    for locale in catalogues.LOCALES:
        fresh = io.BytesIO()
        write_mo(fresh, catalogues.load(locale))
        stored = read_mo(catalogues.po_path(locale).with_suffix(".mo").open("rb"))
        assert words(stored) == words(read_mo(io.BytesIO(fresh.getvalue())))


def words(catalogue):
    return sorted((str(m.id), str(m.string)) for m in catalogue if m.id)


def test_translations_keep_their_places():
    place = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
    for locale in catalogues.LOCALES:
        for message in catalogues.load(locale):
            ids = message.id if isinstance(message.id, tuple) else (message.id,)
            strings = message.string if isinstance(message.string, tuple) else (message.string,)
            if message.id:
                assert all(set(place.findall(s)) == set(place.findall(ids[-1])) for s in strings), message.id


def test_docs_name_what_exists():
    """Paths, make targets and settings that the documents mention are there."""
    makefile = (ROOT / "Makefile").read_text()
    settings = (ROOT / "config/settings/base.py").read_text() + (ROOT / "config/settings/production.py").read_text()
    standalone = "".join(p.read_text() for p in (ROOT / "config/standalone").glob("*.py"))
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")]:
        text = path.read_text()
        for target in re.findall(r"`make (\w+)", text):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), (path.name, target)
        for name in re.findall(r"`((?:apps|config|tests|templates|static|docs|requirements)/[\w./-]+)`", text):
            assert (ROOT / name).exists(), (path.name, name)
        for command in re.findall(r"manage\.py (\w+)", text):
            assert list(ROOT.glob(f"apps/*/management/commands/{command}.py")) or command in {
                "shell",
                "migrate_schemas",
                "spectacular",
                "check",
            }, (path.name, command)
        for variable in re.findall(r"^\| `([A-Z][A-Z_]+)` \|", text, re.MULTILINE):
            assert variable in settings + standalone, (path.name, variable)


@pytest.mark.parametrize("name", ["home", "agents", "collections", "runs", "conversations"])
def test_addresses_in_the_script_exist(name):
    script = (ROOT / "static/ui/app.js").read_text()
    try:
        address = reverse(name, urlconf="config.urls")
    except NoReverseMatch:
        pytest.fail(name)
    assert f"'{address}'" in script or name == "conversations"


def test_every_address_that_integrators_are_told_of_is_there():
    guide = (ROOT / "docs" / "integrators.md").read_text().partition("## All areas")[2]
    told = re.findall(r"`(/[a-z-]+/[^`]*)`", guide)
    assert len(told) > 40
    for address in told:
        path = "/api/v1" + address.replace("{id}", "00000000-0000-0000-0000-000000000000")
        assert resolve(path, urlconf="config.urls")
