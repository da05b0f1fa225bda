"""A chat on another site, with documents that its visitors' answers may rest on and others that they may not."""

import pytest

from apps.knowledge.models import KnowledgeBase
from apps.widgets.models import Widget
from apps.widgets.services import widgets
from tests.knowledge.test_ingestion import upload

SITE = "https://www.example.com"


@pytest.fixture
def public_base(agent, admin_user, work):
    """A collection for customers; the standard one, open to everybody in the organisation, holds what is not for them."""
    base = KnowledgeBase.objects.create(name="For customers", is_open=False)
    upload(admin_user, base, "returns.md", b"# Returns\n\nParcels are taken back within 31 days of delivery.\n")
    upload(
        admin_user,
        KnowledgeBase.objects.exclude(pk=base.pk).get(),
        "pay.md",
        b"# Pay\n\nThe parcel desk earns 4100 a month.\n",
    )
    work("documents")
    agent.knowledge_bases.add(base)
    return base


@pytest.fixture
def made(public_base, agent, admin_user):
    """(widget, its secret)"""
    values = {"name": "Portal", "agent": agent.pk, "origins": [SITE], "collections": [public_base.pk]}
    return widgets.save_widget(actor=admin_user, values=values)


@pytest.fixture
def widget(made) -> Widget:
    return made[0]
