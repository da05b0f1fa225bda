"""One model call on the wire: deltas merged, published and gathered; it stops when the run is cancelled."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from apps.agents.stream import publisher
from apps.agents.types import StreamEvent
from apps.core.personal import Veil, whole_part
from apps.jobs.errors import JobCancelled, LostLease
from apps.jobs.types import Claim
from apps.providers.errors import BrokenOff, TimedOut
from apps.providers.types import ChatPort, ChatRequest, Event, Finished, TextDelta, ToolCall, Usage

FLUSH_S = 0.05


@dataclass
class Answer:
    """What a call has given so far; complete once `reason` is set."""

    text: str = ""
    tool_calls: list[ToolCall] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    reason: str = ""
    opaque: dict[str, Any] | None = None
    first_token_s: float | None = None
    took_s: float = 0.0
    is_kept: bool = False


async def stream_answer(
    port: ChatPort, request: ChatRequest, *, claim: Claim, key: str, answer: Answer, veil: Veil | None = None
) -> None:
    """Fill `answer` and publish its text to the stream `key`; "" holds it back. Under a veil the stream gets the details, `answer` the marks.

    Raises ProviderError, and JobCancelled or LostLease as soon as this worker should stop; `answer` then holds what came.
    """
    started, unsent, flushed_at = time.monotonic(), "", 0.0
    silence_limit_s = settings.PROVIDER_SILENCE_S
    events = port.stream(request)
    pending: asyncio.Task[Event] | None = None
    heard_at = started
    try:
        while not answer.reason:
            pending = pending or asyncio.ensure_future(anext(events))
            await asyncio.wait({pending}, timeout=FLUSH_S)
            _stop_if_told(claim)
            now = time.monotonic()
            if pending.done():
                unsent += _take(pending.result(), answer, now - started)
                pending, heard_at = None, now
            elif now - heard_at > silence_limit_s:
                raise TimedOut
            if unsent and now - flushed_at >= FLUSH_S:
                unsent, flushed_at = await _publish(key, unsent, veil), now
    except StopAsyncIteration:
        raise BrokenOff from None
    finally:
        answer.took_s = time.monotonic() - started
        if pending is not None:
            pending.cancel()
        if unsent:
            await _publish(key, unsent, veil, is_last=True)
        await _close(events)


async def _publish(key: str, text: str, veil: Veil | None, *, is_last: bool = False) -> str:
    """Send a text, details in place of marks; return what has to wait, since a mark has only begun in it."""
    end = len(text) if veil is None or is_last else whole_part(text)
    shown = text[:end] if veil is None else veil.reveal(text[:end])
    if key and shown:
        await publisher.publish(key, StreamEvent("text", {"d": shown}))
    return text[end:]


def _stop_if_told(claim: Claim) -> None:
    if claim.lost.is_set():
        raise LostLease
    if claim.cancelled.is_set():
        raise JobCancelled


def _take(event: Event, answer: Answer, elapsed_s: float) -> str:
    """Put an event into the answer; return the text to publish."""
    if isinstance(event, TextDelta):
        answer.first_token_s = answer.first_token_s if answer.first_token_s is not None else elapsed_s
        answer.text += event.text
        return event.text
    if isinstance(event, ToolCall):
        answer.tool_calls.append(event)
    if isinstance(event, Finished):
        answer.usage, answer.reason, answer.opaque = event.usage, event.reason, event.opaque
    return ""


async def _close(events: AsyncIterator[Event]) -> None:
    close = getattr(events, "aclose", None)
    if close is not None:
        try:
            await close()
        except RuntimeError:
            return  # the generator is still unwinding the cancelled read
