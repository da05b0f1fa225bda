"""The caps of the house: short functions, short files, few levels, and nothing that reaches around the tenancy."""

import ast
import re
from pathlib import Path

import pytest

from tests.checks.trees import tree_of

ROOT = Path(__file__).resolve().parents[2]
FILES = [p for p in [*ROOT.glob("apps/**/*.py"), *ROOT.glob("config/**/*.py")] if "migrations" not in p.parts]
FUNCTION_LINES, FILE_LINES, POSITIONAL = 60, 500, 5


def functions():
    for path in FILES:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield path, node


def length(node):
    return node.end_lineno - node.lineno + 1


def share(values, at):
    return sorted(values)[int(len(values) * at)]


def test_functions_are_short():
    lengths = {f"{path.relative_to(ROOT)}:{node.name}": length(node) for path, node in functions()}
    assert {name: n for name, n in lengths.items() if n > FUNCTION_LINES} == {}
    assert share(lengths.values(), 0.5) <= 8
    assert share(lengths.values(), 0.95) <= 35


def test_files_are_short():
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in FILES}
    assert {name: n for name, n in lengths.items() if n > FILE_LINES} == {}
    assert share(lengths.values(), 0.5) <= 80
    assert share(lengths.values(), 0.95) <= 300


def test_no_junk_drawers():
    names = {path.stem for path in FILES}
    assert names & {"utils", "helpers", "common", "manager", "misc"} == set()


def test_every_module_says_what_it_holds():
    silent = [
        str(p.relative_to(ROOT))
        for p in FILES
        if p.read_text().strip() and p.name != "apps.py" and not ast.get_docstring(tree_of(p))
    ]
    assert silent == []


ALLOWED = {
    r"\bdatabase_sync_to_async\b": {"apps/core/sockets.py", "apps/tenants/sockets.py"},
    r"\b(schema_context|set_schema|set_schema_to_public)\b": set(),
    r"\bset_tenant\b": {"apps/core/database/base.py"},
    r"\bactivate\(": {"apps/core/tenancy.py", "apps/core/database/base.py", "apps/jobs/scheduler.py", "manage.py"},
    r"\bmark_safe\b": set(),
}


@pytest.mark.parametrize("pattern", ALLOWED)
def test_nothing_reaches_around_the_tenancy(pattern):
    found = {str(path.relative_to(ROOT)) for path in FILES if re.search(pattern, path.read_text())}
    assert found - ALLOWED[pattern] == set()


def test_templates_follow_the_policy():
    forbidden = re.compile(r"<style|\sstyle=|\son[a-z]+=|hx-on|javascript:|<script>(?!\s*$)", re.IGNORECASE)
    found = {
        str(p.relative_to(ROOT)): m[0]
        for p in ROOT.glob("templates/**/*.html")
        if (m := forbidden.search(p.read_text()))
    }
    assert found == {}


def test_every_form_that_posts_has_a_token():
    for path in ROOT.glob("templates/**/*.html"):
        for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", path.read_text(), re.DOTALL | re.IGNORECASE):
            assert "csrf_token" in form, (path.name, form[:120])
