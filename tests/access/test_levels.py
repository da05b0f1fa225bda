"""What a grant opens and what it does not: people who have the least level of each kind of object, and one above it.

The agent, the collection and the conversation are shut to all others here; neither person has a role beyond Member. Whoever may change a
collection adds documents to it; those of others are for whoever manages it.
"""

import pytest

from apps.accounts.services import members, sharing
from apps.agents.models import Agent
from apps.conversations.models import Conversation
from apps.core.tenancy import tenant_context
from apps.knowledge.models import KnowledgeBase
from tests.access.routes import Route
from tests.access.test_matrix import ask, visitor
from tests.conftest import PASSWORD

NOBODY = 404


def row(name, method, keys, nobody, viewer, editor, body=None):
    return pytest.param(
        Route(name, method, 0, 0, keys=keys, body=body or {}), (nobody, viewer, editor), id=f"{method} {name}"
    )


ROWS = [
    row("conversation", "GET", ("conversation",), NOBODY, 200, 200),
    row("message-send", "POST", ("conversation",), NOBODY, 404, 404, {"text": "Hi"}),
    row("conversation-rename", "POST", ("conversation",), NOBODY, 404, 404, {"title": "x"}),
    row("conversation-archive", "POST", ("conversation",), NOBODY, 404, 404),
    row("conversation-sharing", "GET", ("conversation",), NOBODY, 403, 200),
    row("conversation-sharing-open", "POST", ("conversation",), NOBODY, 403, 302),
    row("api-conversation", "GET", ("conversation",), NOBODY, 200, 200),
    row("api-conversation", "PATCH", ("conversation",), NOBODY, 404, 404, {"title": "x"}),
    row("api-conversation", "DELETE", ("conversation",), NOBODY, 404, 404),
    row("api-messages", "POST", ("conversation",), NOBODY, 404, 404, {"text": "Hi"}),
    row("api-chat", "POST", ("agent",), NOBODY, 404, 404, {"text": "Hi", "conversation": "conversation"}),
    row("collection", "GET", ("base",), NOBODY, 200, 200),
    row("document", "GET", ("document",), NOBODY, 200, 200),
    row("document-tags", "POST", ("document",), NOBODY, 403, 403, {"tags": "a"}),
    row("document-delete", "POST", ("spare",), NOBODY, 403, 403),
    row("collection-sharing", "GET", ("base",), NOBODY, 403, 403),
    row("api-document", "PATCH", ("document",), NOBODY, 403, 403, {"tags": ["a"]}),
    row("api-document", "DELETE", ("spare",), NOBODY, 403, 403),
    row("api-search", "POST", (), NOBODY, 200, 200, {"query": "leave", "knowledge_base": "base"}),
    row("api-knowledge-base-grants", "POST", ("base",), NOBODY, 403, 403),
    row("api-agent", "GET", ("agent",), NOBODY, 200, 200),
    row("api-agent-grants", "GET", ("agent",), NOBODY, 403, 403),
    row("agent-settings", "GET", ("agent",), NOBODY, 403, 403),
    row("api-agent-settings", "PATCH", ("agent",), NOBODY, 403, 403, {"key": "x", "value": 1}),
    row("conversation-new", "GET", (), 302, 200, 200),
]
LEVELS = {
    "viewer": {"agent": "use", "base": "view", "conversation": "view"},
    "editor": {"agent": "change", "base": "change", "conversation": "manage"},
}


@pytest.fixture
def people(objects, acme):
    """(nobody, viewer, editor): members with no grant, the least, and more."""
    with tenant_context(acme):
        shared = {
            "agent": Agent.objects.get(pk=objects["agent"]),
            "base": KnowledgeBase.objects.get(pk=objects["base"]),
            "conversation": Conversation.objects.get(pk=objects["conversation"]),
        }
        made = [
            members.create_user(email=f"{name}@acme.example", name=name.title(), password=PASSWORD)
            for name in ("nobody", *LEVELS)
        ]
        for each in shared.values():
            sharing.set_open(actor=None, shared=each, is_open=False)
        for user, levels in zip(made[1:], LEVELS.values(), strict=True):
            for kind, level in levels.items():
                sharing.share(actor=None, shared=shared[kind], to=user, level=level)
    return made


@pytest.mark.parametrize(("route", "expected"), ROWS)
def test_level(route, expected, people, objects, acme):
    reached = []
    for user in people:
        with tenant_context(None):
            reached.append(ask(visitor("granted", route, acme, user), route, objects).status_code)
    assert tuple(reached) == expected
