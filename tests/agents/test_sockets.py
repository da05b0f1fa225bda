"""The socket of a run closes when nothing more comes, and says why."""

import uuid

import pytest

from apps.agents import consumers
from apps.agents.models import Run
from apps.agents.types import StreamEvent
from apps.core.tenancy import tenant_context


@pytest.mark.parametrize(
    ("broken", "code"),
    [(None, consumers.DONE), (Run.DoesNotExist(), consumers.GONE), (ValueError("odd"), consumers.BROKEN)],
)
async def test_follower_that_ends_or_breaks_closes_the_socket(monkeypatch, broken, code):
    async def follow(tenant, run_id, after):
        yield StreamEvent("text", {"d": "x"}, "1-0")
        yield None
        if broken:
            raise broken

    sent, closed = [], []
    consumer = consumers.RunConsumer()
    consumer.run_id = uuid.uuid4()

    async def send(*, text_data):
        sent.append(text_data)

    async def close(code):
        closed.append(code)

    monkeypatch.setattr(consumers, "follow", follow)
    monkeypatch.setattr(consumers, "current_tenant", lambda: None)
    monkeypatch.setattr(consumer, "send", send)
    monkeypatch.setattr(consumer, "close", close)
    with tenant_context(None):
        await consumer._tell("0-0")
    assert sent == ['{"id":"1-0","event":"text","data":{"d":"x"}}'] and closed == [code]
