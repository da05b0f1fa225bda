"""A new tenant gets its first agent, over its first collection."""

from typing import Any

from apps.agents.models import Agent
from apps.knowledge.models import KnowledgeBase
from apps.tenants.events import tenant_provisioned


def connect() -> None:
    """Bind the receivers; called once at start."""
    tenant_provisioned.connect(add_first_agent)


def add_first_agent(sender: Any, **kwargs: Any) -> None:
    agent, is_new = Agent.objects.get_or_create(
        name="Handbook guide",
        defaults={
            "description": "Answers questions from your documents and shows where it says so.",
            "icon": "book-open",
            "instructions": "You answer questions of staff from the organisation's documents. Be brief and exact.",
            "starters": [
                "How many days of annual leave do I get?",
                "What do I do when I am sick?",
                "Which travel expenses are paid back?",
            ],
        },
    )
    if is_new:
        agent.knowledge_bases.add(*KnowledgeBase.objects.all())
