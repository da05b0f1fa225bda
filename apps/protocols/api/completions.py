"""`/v1/models` and `/v1/chat/completions`: any client of OpenAI's API asks agents.

Plain asynchronous Django views, since REST framework has none. What the protocol has no place for stands under `guildhall`.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from typing import Any

import orjson
from asgiref.sync import sync_to_async
from django.http import HttpRequest, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.agents.live import follow
from apps.agents.models import Agent, Run
from apps.agents.services.runs import cancel_run
from apps.core.database.pool import release_connection
from apps.core.errors import Conflict
from apps.core.sockets import query
from apps.core.tenancy import current_tenant, tenant_context
from apps.protocols.api.doors import Refused, door, read
from apps.protocols.completions import asking
from apps.protocols.completions.shapes import ChatAsked, as_calls
from apps.protocols.offered import offered_agent, offered_agents

LONGEST_S = 600.0
"""How long an answer that is not streamed is waited for."""


@door("GET")
async def models(request: HttpRequest, person: User) -> HttpResponseBase:
    """List the agents that may be asked, as models."""
    found = await sync_to_async(offered_agents)(person)
    return JsonResponse({"object": "list", "data": [_model(name, agent) for name, agent in found.items()]})


@door("GET")
async def model(request: HttpRequest, person: User, name: str) -> HttpResponseBase:
    """Read one agent as a model, by its name or key."""
    return JsonResponse(_model(name, await sync_to_async(offered_agent)(person, name)))


def _model(name: str, agent: Agent) -> dict[str, Any]:
    created = int(agent.created_at.timestamp())
    about = {"id": name, "object": "model", "created": created, "owned_by": current_tenant().slug}
    return about | {"name": agent.name, "description": agent.description}


@door("POST")
async def chat_completions(request: HttpRequest, person: User) -> HttpResponseBase:
    """Have an agent answer, at once or streamed. What the client goes away from is stopped."""
    asked = read(request, ChatAsked)
    key = request.headers.get("Idempotency-Key", "")
    run = await sync_to_async(asking.begin)(actor=person, asked=asked, idempotency_key=key)
    await sync_to_async(release_connection)()  # a stream would hold it until its end
    answer = Answer(current_tenant(), person, run, asked)
    if not asked.stream:
        return JsonResponse(await answer.whole())
    response = StreamingHttpResponse(answer.streamed(), content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    response["Content-Encoding"] = "identity"  # compressing would hold pieces back
    return response


class Answer:
    """One run as the answer to one request."""

    def __init__(self, tenant: Any, person: User, run: Run, asked: ChatAsked) -> None:
        self.tenant, self.person, self.run, self.asked = tenant, person, run, asked
        self.sent = self.shown = ""

    async def whole(self) -> dict[str, Any]:
        """Wait for the end and return the completion. Raises Refused for a run that failed or takes too long."""
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(LONGEST_S), aclosing(self._events()) as events:
                    async for _event in events:
                        pass
        except asyncio.CancelledError:  # the client went away
            await asyncio.shield(self._stop())
            raise
        await self._read()
        if not self.run.is_final:
            raise Refused(504, _("The answer takes too long, or waits for somebody’s consent."), code="unfinished")
        reason = asking.finish_reason(self.run)
        if reason is None:
            raise Refused(502, self.run.error or self.run.get_state_display(), code=self.run.error_code or "run_failed")
        with tenant_context(self.tenant):
            message = await query(asking.message_of, self.run)
            extension = await query(asking.extension_of, self.run)
        choice = {"index": 0, "message": message, "finish_reason": reason, "logprobs": None}
        head = self._head("chat.completion")
        return head | {"choices": [choice], "usage": asking.usage_of(self.run), "guildhall": extension}

    async def streamed(self) -> AsyncIterator[bytes]:
        """Yield the completion as server-sent events, the last one `[DONE]`."""
        try:
            yield self._chunk({"role": "assistant", "content": ""})
            async with aclosing(self._events()) as events:
                async for event in events:
                    if event is None:
                        yield b": still here\n\n"
                    elif text := self._new_text(event.kind, event.data):
                        yield self._chunk({"content": text})
            for line in await self._end():
                yield line
        finally:
            if not self.run.is_final:
                await asyncio.shield(self._stop())

    async def _events(self) -> AsyncGenerator[Any, None]:
        async for event in follow(self.tenant, self.run.pk):
            yield event

    def _new_text(self, kind: str, data: dict[str, Any]) -> str:
        """Return what of the answer is to be sent now; what was sent cannot be taken back, so an answer that is begun anew is held until its end."""
        if kind == "discard":
            self.shown = data["text"]
        elif kind == "text":
            self.shown += data["d"]
        elif kind == "end":
            self.shown = data["answer"]
        if not self.shown.startswith(self.sent):
            return ""
        new = self.shown[len(self.sent) :]
        self.sent = self.shown
        return new

    async def _end(self) -> list[bytes]:
        await self._read()
        reason = asking.finish_reason(self.run)
        if reason is None:
            words = self.run.error or str(self.run.get_state_display())
            error = {"message": words, "type": "server_error", "param": None, "code": self.run.error_code or None}
            return [_line({"error": error}), _line("[DONE]")]
        with tenant_context(self.tenant):
            message = await query(asking.message_of, self.run)
            extension = await query(asking.extension_of, self.run)
        if self.sent != self.run.answer:
            extension["answer"] = self.run.answer  # what was streamed was taken back by a rule or another try
        delta: dict[str, Any] = {"annotations": message["annotations"]} if message["annotations"] else {}
        calls = as_calls((self.run.handed or {}).get("calls", ()))
        if calls:
            delta["tool_calls"] = [{"index": place, **call} for place, call in enumerate(calls)]
        lines = [self._chunk(delta)] if delta else []
        lines.append(self._chunk({}, reason, guildhall=extension))
        if self.asked.stream_options and self.asked.stream_options.include_usage:
            usage = self._head("chat.completion.chunk") | {"choices": [], "usage": asking.usage_of(self.run)}
            lines.append(_line(usage))
        return [*lines, _line("[DONE]")]

    async def _read(self) -> None:
        with tenant_context(self.tenant):
            self.run = await query(Run.objects.get, pk=self.run.pk)

    async def _stop(self) -> None:
        with tenant_context(self.tenant), suppress(Conflict):
            await query(cancel_run, actor=self.person, run=self.run)

    def _chunk(self, delta: dict[str, Any], reason: str | None = None, **more: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": reason, "logprobs": None}
        return _line(self._head("chat.completion.chunk") | {"choices": [choice]} | more)

    def _head(self, kind: str) -> dict[str, Any]:
        created = int(self.run.created_at.timestamp())
        return {"id": f"chatcmpl-{self.run.pk.hex}", "object": kind, "created": created, "model": self.asked.model}


def _line(data: Any) -> bytes:
    body = data if isinstance(data, str) else orjson.dumps(data, default=str).decode()
    return f"data: {body}\n\n".encode()
