"""Tests as source text: made from what functions gave, or taken from a model as far as they say something."""

import ast
import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from django.utils.translation import gettext as _

from apps.blueprints.software.code import Module
from apps.blueprints.software.testing.results import Call, Dropped, File, Suggested

UNREADABLE = (SyntaxError, ValueError, MemoryError, RecursionError, SystemError)
"""What Python's parser raises; the last where it loses count of its own recursion."""


def file_name(dotted: str, by: str) -> str:
    """Return where the tests of a module go: beside others, under a name that is free."""
    return f"tests/test_{dotted.replace('.', '_')}_{'as_it_is' if by == 'records' else 'by_rules'}.py"


def recorded(module: Module, dotted: str, calls: Sequence[Call]) -> File | None:
    """Return the tests that hold a module to what its functions gave, and to the examples in its docstrings; None for nothing to hold."""
    has_examples = any(">>> " in text for text in (module.doc, *(each.doc for each in module.definitions)))
    tests = [_recorded(name, list(some)) for name, some in groupby(calls, key=lambda call: call.function)]
    if has_examples:
        tests.append(f"def test_examples_in_docstrings():\n    tried = doctest.testmod({dotted})\n    assert tried.attempted > 0 and tried.failed == 0")  # fmt: skip
    if not tests:
        return None
    body = "\n\n\n".join(tests)
    names = sorted({call.function for call in calls})
    imports = [
        *(["import datetime"] if "datetime." in body else []),
        *(["import doctest"] if has_examples else []),
        *(["from decimal import Decimal"] if "Decimal(" in body else []),
    ]
    own = [
        *([f"import {dotted}"] if has_examples else []),
        *([f"from {dotted} import {', '.join(names)}"] if names else []),
    ]
    groups = ["\n".join(group) for group in (imports, ["import pytest"] if "pytest." in body else [], own) if group]
    text = f'"""What {dotted} gives today."""\n\n' + "\n\n".join(groups) + f"\n\n\n{body}\n"
    return File(path=file_name(dotted, "records"), text=text, by="records") if is_python(text) else None


def is_python(text: str) -> bool:
    """Say whether a text can be read as Python: what a repository's code said it gives may be anything."""
    try:
        ast.parse(text)
    except UNREADABLE:
        return False
    return True


def _recorded(function: str, calls: Sequence[Call]) -> str:
    given = [call for call in calls if not call.raised]
    parts = []
    if given:
        rows = "".join(f"        ({call.arguments}, {call.given}),\n" for call in given)
        parts.append(
            f'@pytest.mark.parametrize(\n    ("arguments", "given"),\n    [\n{rows}    ],\n)\n'
            f"def test_{function}(arguments, given):\n    assert {function}(*arguments) == given"
        )
    raised = sorted((call for call in calls if call.raised), key=lambda call: call.raised)
    for error, some in groupby(raised, key=lambda call: call.raised):
        rows = "".join(f"        {call.arguments},\n" for call in some)
        parts.append(
            f'@pytest.mark.parametrize(\n    "arguments",\n    [\n{rows}    ],\n)\n'
            f"def test_{function}_raises_{_snake(error)}(arguments):\n"
            f"    with pytest.raises({error}):\n        {function}(*arguments)"
        )
    return "\n\n\n".join(parts)


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def suggested(dotted: str, said: Suggested) -> tuple[File | None, list[Dropped]]:
    """Return a model's tests as a file, and those that are none: no function of a test, or one that holds the code to nothing."""
    imports = [line for line in dict.fromkeys(said.imports) if _is_import(line)]
    kept: dict[str, str] = {}
    dropped: list[Dropped] = []
    for code in said.tests:
        name, why = _judged(code)
        if not why and name in kept:
            why = _("There is one of this name already.")
        if why:
            dropped.append(Dropped(test=name, why=why))
        else:
            kept[name] = code.strip()
    if not kept:
        return None, dropped
    head = "\n".join(dict.fromkeys(["import pytest", *imports]))
    text = f'"""How {dotted} is meant to work."""\n\n{head}\n\n\n' + "\n\n\n".join(kept.values()) + "\n"
    return File(path=file_name(dotted, "model"), text=text, by="model"), dropped


def _is_import(line: str) -> bool:
    return is_python(line) and all(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.parse(line).body)


def _judged(code: str) -> tuple[str, str]:
    """Return the name of a test and what is wrong with it, "" for nothing."""
    first = " ".join(code.split())[:60]
    try:
        body = ast.parse(code).body
    except UNREADABLE as error:
        return first, _("It is no Python: %(why)s") % {"why": str(error)[:100]}
    if len(body) != 1 or not isinstance(body[0], ast.FunctionDef) or not body[0].name.startswith("test_"):
        return first, _("It is no function of a test.")
    if not any(_holds(node) for node in ast.walk(body[0])):
        return body[0].name, _("It holds the code to nothing: it has no assert.")
    return body[0].name, ""


def _holds(node: ast.AST) -> bool:
    """Say whether something holds the code to something: an assert of more than a constant, or what has to be raised."""
    if isinstance(node, ast.Assert):
        return not isinstance(node.test, ast.Constant)
    is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    return is_call and node.func.attr in ("raises", "warns")  # type: ignore[attr-defined]


def without(text: str, names: set[str]) -> str:
    """Return a file of tests without some of its functions."""
    lines = text.split("\n")
    gone: set[int] = set()
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name in names:
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            gone |= set(range(first - 1, node.end_lineno or node.lineno))
    kept = "\n".join(line for number, line in enumerate(lines) if number not in gone)
    return re.sub(r"\n{4,}", "\n\n\n", kept).rstrip() + "\n"


def tests_in(text: str) -> Iterator[str]:
    """Yield the names of the tests in a file."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.name
