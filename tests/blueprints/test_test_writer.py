"""Tests that are written for a repository are run, kept when they pass, and counted as coverage.py counts them."""

import json
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.agents import places
from apps.agents.blueprints.registry import blueprint_named
from apps.agents.models import ToolGrant
from apps.agents.sandbox import scripts
from apps.agents.sandbox.base import ScriptLimits
from apps.agents.sandbox.bubblewrap import Bubblewrap
from apps.agents.services import files, form_runs, studio
from apps.blueprints.software.code import Module
from apps.blueprints.software.testing import steps
from apps.blueprints.software.testing.results import Call, Suggested
from apps.blueprints.software.testing.writing import recorded, suggested
from apps.providers.models import ProviderModel
from tests.agents.test_runs import finished
from tests.blueprints.test_software import SAMPLE, packed
from tests.standin.server import says

WRITER = blueprint_named("code_tests")
runs_scripts = pytest.mark.skipif(not scripts.works(Bubblewrap()), reason="bubblewrap does not work here.")


@pytest.fixture
def written(in_acme, admin_user, member, work):
    """Return a function that has tests written for an archive."""

    def start(data, model=None, has_tool=True, **values):
        agent = studio.save_agent(actor=admin_user, values={"name": "Tester"}, blueprint=WRITER)
        if model is not None:
            agent.model = model
            agent.save()
        if not has_tool:
            ToolGrant.objects.filter(agent=agent).delete()
        kept = files.keep_file(actor=member, upload=SimpleUploadedFile("code.zip", data))
        run = form_runs.start_form_run(actor=member, agent=agent, given={"archive": str(kept.pk), **values})
        work("agents")
        return finished(run)

    return start


def counted(tmp_path, data, result):
    """Run the tests that were kept beside those that were there, as somebody would at a desk, and count: (passed, failed, run, statements)."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        archive.extractall(tmp_path)
    root = next((path for path in tmp_path.iterdir() if len(list(tmp_path.iterdir())) == 1 and not (path / "__init__.py").exists()), tmp_path)  # fmt: skip
    for file in result["files"]:
        (root / file["path"]).parent.mkdir(exist_ok=True)
        (root / file["path"]).write_text(file["text"])
    sources = [share["path"] for share in result["shares"]]
    base = [sys.executable, "-m", "coverage"]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{root}:{root}/src"}
    tried = subprocess.run([*base, "run", f"--include={','.join(sources)}", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", "-o", "addopts="], cwd=root, env=environment, capture_output=True, text=True)  # fmt: skip
    subprocess.run([*base, "json", "-q", "-o", "told.json"], cwd=root, env=environment, check=True)
    told = json.loads((root / "told.json").read_text())["files"]
    return tried, {
        path: (told[path]["summary"]["covered_lines"], told[path]["summary"]["num_statements"]) for path in told
    }


@runs_scripts
@pytest.mark.django_db
def test_sample_gets_tests_that_pass_and_are_counted_right(written, tmp_path):
    run = written(SAMPLE.read_bytes())
    assert run.state == "succeeded", run.error
    result = run.result
    assert result["kept"] >= 10 and result["dropped"] == [] and result["own"] == 1
    assert result["before"] == {"value": "9.7", "how": "9 / 93"}
    assert {file["by"] for file in result["files"]} == {
        "records"
    } and "what is wrong today is recorded too" in run.answer
    tried, told = counted(tmp_path, SAMPLE.read_bytes(), result)
    assert tried.returncode == 0, tried.stdout
    for share in result["shares"]:
        run_lines, statements = map(int, share["after"]["how"].split(" / "))
        assert told.get(share["path"], (0, statements)) == (run_lines, statements), share["path"]
    assert result["after"]["how"] == f"{sum(run for run, _all in told.values())} / 93"
    assert "hello-world" in run.answer and "test_fee_raises_value_error" in run.answer


@runs_scripts
@pytest.mark.django_db
@pytest.mark.parametrize("package", ["simpleeval", "cronsim", "dateutil"])
def test_public_code_gets_tests_that_pass(written, tmp_path, package):
    """Code that others wrote: whatever is kept passes at a desk too."""
    origin = Path(find_spec(package).origin)
    texts = (
        {f"{package}/{path.name}": path.read_text() for path in sorted(origin.parent.glob("*.py"))}
        if origin.name == "__init__.py"
        else {"pyproject.toml": "", origin.name: origin.read_text()}
    )
    run = written(packed(texts))
    assert run.state == "succeeded", run.error
    tried, _told = counted(tmp_path, packed(texts), run.result)
    assert tried.returncode == (0 if run.result["files"] else 5), tried.stdout[-2_000:]


SAID = {
    "imports": ["from lending.fees import fee, shares", "import os; os.remove('x')", "not python at all("],
    "tests": [
        "def test_a_film_costs_more_than_a_book():\n    assert fee('film', 1) > fee('book', 1)",
        "def test_fees_are_capped():\n    assert fee('game', 1_000) == 2_000",
        "def test_a_book_is_free():\n    assert fee('book', 3) == 0",
        "def test_nothing():\n    fee('book', 1)",
        "def test_true():\n    assert True",
        "def helper():\n    assert fee('book', 0) == 0",
        "def test_broken(:\n    assert 1",
        "def test_fees_are_capped():\n    assert fee('film', 1_000) == 2_000",
        "@pytest.mark.parametrize('people', [1, 2, 3])\ndef test_shares_lose_no_cent(people):\n    assert sum(shares(100, people)) == 100",
    ],
}


@runs_scripts
@pytest.mark.django_db
def test_tests_of_a_model_are_kept_when_they_pass(scripted, written, tmp_path):
    nothing = says(json.dumps({"imports": [], "tests": []}))
    scripted.script(*[says(json.dumps(SAID)) if place == 4 else nothing for place in range(8)])
    run = written(SAMPLE.read_bytes(), model=ProviderModel.objects.get(name="scripted"))
    assert run.state == "succeeded", run.error
    asked = [each.question for each in scripted.asked]
    assert "module `lending.fees`" in asked[4] and "return min(days * CENTS_A_DAY[kind], MOST)" in asked[4]
    (file,) = [file for file in run.result["files"] if file["by"] == "model"]
    assert "test_a_film_costs_more_than_a_book" in file["text"] and "test_shares_lose_no_cent" in file["text"]
    assert "test_a_book_is_free" not in file["text"] and "os.remove" not in file["text"]
    why = {each["test"].rpartition("::")[2]: each["why"] for each in run.result["dropped"]}
    assert "assert" in why["test_nothing"] and "assert" in why["test_true"] and "60 == 0" in why["test_a_book_is_free"]
    assert "no function of a test" in why["def helper(): assert fee('book', 0) == 0"]
    assert "already" in why["test_fees_are_capped"] and any("no Python" in each for each in why.values())
    tried, _told = counted(tmp_path, SAMPLE.read_bytes(), run.result)
    assert tried.returncode == 0, tried.stdout
    assert "60 == 0" in run.answer


@runs_scripts
@pytest.mark.django_db
def test_what_is_broken_is_said_and_the_rest_goes_on(written):
    texts = {
        "shop/__init__.py": "",
        "shop/web.py": "import a_package_that_is_not_there\n\ndef f(x: int) -> int:\n    return x\n",
        "shop/loop.py": "def endless(x: int) -> int:\n    while True:\n        x += 1\n\ndef double(x: int) -> int:\n    return 2 * x\n",
        "shop/dice.py": "import random\n\ndef thrown(x: int) -> int:\n    return random.randint(0, 10 ** 12)\n",
        "shop/hash.py": "def order(x: str) -> int:\n    return hash(x)\n",
        "tests/test_old.py": "def test_wrong():\n    assert 1 + 1 == 3\n\ndef test_right():\n    assert 1 + 1 == 2\n",
        "shop/my-tool.py": "def f(x: int) -> int:\n    return x\n",
        "shop/class.py": "def f(x: int) -> int:\n    return x\n",
        "README.md": "",
    }
    run = written(packed(texts))
    assert run.state == "succeeded", run.error
    result = run.result
    (fault,) = result["faults"]
    assert fault["path"] == "shop/web.py" and "a_package_that_is_not_there" in fault["why"]
    assert [each["test"] for each in result["own_failed"]] == ["tests/test_old.py::test_wrong"] and result["own"] == 2
    text = "\n".join(file["text"] for file in result["files"])
    assert "double(*arguments) == given" in text and "endless" not in text
    assert "thrown" not in text and "        (('a',), " not in text.partition("shop.hash")[2], text


@runs_scripts
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("conftest.py", "import a_package_that_is_not_there\n"),
        ("tests/test_old.py", "import a_package_that_is_not_there\n\ndef test_old():\n    assert True\n"),
    ],
)
def test_own_tests_that_cannot_begin_keep_nothing_else_from_it(written, name, text):
    texts = {
        "shop.py": "def double(x: int) -> int:\n    return 2 * x\n",
        "pyproject.toml": "[tool.pytest.ini_options]\nrequired_plugins = 'pytest-of-somebody'\naddopts = '--of-somebody'\n",
        "tests/test_old.py": "def test_old():\n    assert True\n",
        name: text,
    }
    run = written(packed(texts))
    assert run.state == "succeeded", run.error
    (old,) = run.result["own_failed"]
    assert old["state"] == "unread" and "a_package_that_is_not_there" in old["reason"]
    assert run.result["kept"] == 1 and run.result["after"]["how"] == "2 / 2"
    assert "does not pass here" in run.answer


@runs_scripts
@pytest.mark.django_db
def test_settings_of_pytest_that_ask_for_what_is_not_here_are_left_aside(written):
    settings = "[tool.pytest.ini_options]\nrequired_plugins = 'pytest-of-somebody'\naddopts = '--of-somebody'\n"
    texts = {
        "shop.py": "def double(x: int) -> int:\n    return 2 * x\n",
        "pyproject.toml": settings,
        "tests/test_old.py": "from shop import double\n\ndef test_old():\n    assert double(1) == 2\n",
    }
    run = written(packed(texts))
    assert run.result["own"] == 1 and run.result["own_failed"] == []
    assert run.result["before"]["how"] == run.result["after"]["how"] == "2 / 2"


@runs_scripts
@pytest.mark.django_db
def test_tests_that_take_too_long_are_left_out(written, monkeypatch):
    monkeypatch.setattr(steps, "LIMITS", ScriptLimits(seconds=12.0))
    texts = {
        "shop.py": "def double(x: int) -> int:\n    return 2 * x\n",
        "pyproject.toml": "",
        "tests/test_slow.py": "import time\n\ndef test_slow():\n    time.sleep(60)\n",
    }
    run = written(packed(texts))
    assert run.state == "succeeded", run.error
    assert run.result["is_cut"] and run.result["kept"] == 1 and "took too long" in run.answer


@pytest.mark.django_db
def test_without_the_tool_nothing_is_run(written):
    run = written(SAMPLE.read_bytes(), has_tool=False)
    assert run.state == "failed" and "Python with files" in run.error


@pytest.mark.django_db
def test_without_a_sandbox_it_says_so(written, monkeypatch):
    monkeypatch.setattr(places, "here", lambda: None)
    run = written(SAMPLE.read_bytes())
    assert run.state == "failed" and "no sandbox" in run.error


@pytest.mark.django_db
def test_other_languages_are_refused(written):
    run = written(packed({"a.go": "package main\n", "setup.cfg": ""}))
    assert run.state == "failed" and "Python alone" in run.error


def test_what_code_says_it_gives_is_not_trusted():
    calls = [Call(module="shop", function="f", arguments="(1,)", given="1), import os", raised="")]
    module = Module(path="shop.py", language="Python", doc="", lines=1, has_faults=False, imports=[], definitions=[])
    assert recorded(module, "shop", calls) is None


def test_both_blueprints_have_the_same_sample():
    assert (WRITER.folder / "samples" / "library.zip").read_bytes() == SAMPLE.read_bytes()


@pytest.mark.parametrize("code", ["(" * 5_000, "def test_x():\n    assert " + "-" * 100_000 + "1", "\0", ""])
def test_hostile_answers_of_a_model_break_nothing(code):
    file, dropped = suggested("shop", Suggested(imports=[code], tests=[code]))
    assert file is None and len(dropped) == 1
