"""Each code that an API error may carry has its row on the page of problems."""

import ast
from functools import cache
from pathlib import Path

import pytest
from django.test import Client
from rest_framework import exceptions

from apps.core.problems import PROBLEMS
from apps.core.views import CODES

ROOT = Path(__file__).resolve().parents[2]
BUILDS_ONE = {
    "problem",
    "_problem",
    "_refuse",
    "refusal_at",
}  # of apps.core.errors, apps.agents.api.live, apps.tenants.middleware
OF_ANOTHER_PROTOCOL = ROOT / "apps" / "protocols"


@cache
def trees():
    found = [path for path in (ROOT / "apps").rglob("*.py") if OF_ANOTHER_PROTOCOL not in path.parents]
    return [ast.parse(path.read_text()) for path in found]


def called(node):
    return getattr(node, "id", getattr(node, "attr", ""))


@cache
def errors():
    """Return the names of DomainError and of all that derives from it."""
    found, grew = {"DomainError"}, True
    classes = [node for tree in trees() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    while grew:
        more = {each.name for each in classes if found & {called(base) for base in each.bases}}
        grew = not more <= found
        found |= more
    return found


def codes_raised():
    for tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and node.name in errors():
                yield from (a.value.value for a in node.body if isinstance(a, ast.Assign) and a.targets[0].id == "code")
            if isinstance(node, ast.Call) and called(node.func) in errors() | BUILDS_ONE:
                yield from _named_in(node)


def _named_in(call):
    """Return the codes that a call writes out: by keyword, and among the arguments of what builds the body itself."""
    places = [each.value for each in call.keywords if each.arg == "code"]
    places += call.args if called(call.func) in BUILDS_ONE else []
    texts = [place.value for place in places if isinstance(place, ast.Constant)]
    return [text for text in texts if isinstance(text, str) and text.isidentifier() and text.islower()]


def codes_of_rest_framework():
    for each in vars(exceptions).values():
        if isinstance(each, type) and issubclass(each, exceptions.APIException):
            yield each.default_code


def test_every_code_is_explained():
    raised = set(codes_raised()) | set(CODES.values()) | set(codes_of_rest_framework()) - {"error"}
    assert {"conflict", "mfa_missing", "tenant_mismatch", "throttled", "tus_version"} <= raised
    assert raised - set(PROBLEMS) == set()


@pytest.mark.django_db
@pytest.mark.parametrize("host", ["acme.localhost", "localhost"])
def test_type_of_a_problem_leads_to_its_row(acme, host):
    refused = Client(HTTP_HOST=host).get("/api/v1/auth/me").json()
    page, anchor = refused["type"].split("#")
    shown = Client(HTTP_HOST=host).get(page)
    assert shown.status_code == 200 and f'id="{anchor}"' in shown.content.decode()
