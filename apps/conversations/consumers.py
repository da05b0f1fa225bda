"""The chat socket: sends a conversation's live answer as finished HTML, takes messages and stops.

Frames to the page: `cut` (take away what follows a message), `user` and `start` (a message's frame), `blk`, `tail`, `step`,
`ask` (what waits for approval), `src`, `wait`, `done`, `err`. From the page: `hello` (what it has), `send`, `stop`. No database access a token: rows are read when a step or the run ends.
"""

import asyncio
import contextlib
from typing import Any
from uuid import UUID

import orjson
import structlog
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.utils import translation

from apps.accounts.models import User
from apps.accounts.services.security import has_used_second_factor, is_session_valid, keep_alive
from apps.agents.live import until_out
from apps.agents.models import Run
from apps.agents.stream import conversation_key, hub, run_key
from apps.agents.types import StreamEvent
from apps.conversations import rendering, services
from apps.conversations.models import Conversation, Message
from apps.core.caller import Caller, set_caller
from apps.core.errors import DomainError, NotFound
from apps.core.models import is_uuid
from apps.core.sockets import count_in, count_out, query, socket_address

log = structlog.get_logger(__name__)
MAX_FRAME_BYTES = 64 << 10
MAX_PAGE = 500
POLL_S = 1.0
REJECTED, TOO_MANY, GONE, TOO_BIG, BROKEN = 4401, 4429, 4404, 4413, 4500


class ChatConsumer(AsyncWebsocketConsumer):
    """One tab's view of one conversation."""

    async def connect(self) -> None:
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.is_counted = False
        self.seen: dict[str, int] = {}
        self.page: list[str] = []
        found = await self.enter()
        if not isinstance(found, Conversation):
            await self.close(found)
            return
        self.conversation: Conversation = found
        self.is_counted = count_in(self.counted_as)
        if not self.is_counted:
            await self.accept()
            await self.close(TOO_MANY)
            return
        await self.accept()
        self._start("rights", self._follow_rights())

    async def enter(self) -> Conversation | int:
        """Set who is here (`user`, `counted_as`, `language`); return the conversation, or the code that the socket is closed with."""
        self.user = self.scope["user"]
        self.counted_as: UUID = self.user.pk
        set_caller(Caller(socket_address(self.scope), has_used_second_factor(self.scope["session"])))
        chosen = self.scope.get("cookies", {}).get(settings.LANGUAGE_COOKIE_NAME)
        self.language: str | None = chosen or getattr(self.user, "language", "") or None
        if not self.user.is_authenticated:
            return REJECTED
        return await query(self.find_conversation) or GONE

    async def disconnect(self, code: int) -> None:
        for task in self.tasks.values():
            task.cancel()
        if self.is_counted:
            count_out(self.counted_as)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if text_data is None or len(text_data) > MAX_FRAME_BYTES:
            await self.close(TOO_BIG)
            return
        try:
            frame = orjson.loads(text_data)
            action = {"hello": self._hello, "send": self._send_message, "stop": self._stop}[frame["t"]]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            await self._refuse()
            return
        try:
            with translation.override(self.language):
                if not await query(self.is_still_welcome):
                    await self.close(REJECTED)
                    return
                await action(frame)
        except DomainError as error:
            await self.tell({"t": "err", "code": error.code, "text": str(error.message), "key": frame.get("key")})

    # -- from the page ---------------------------------------------------------------------------------------

    async def _hello(self, frame: dict[str, Any]) -> None:
        """`page` lists the messages that the page shows; `seen` maps one to the number of its finished blocks."""
        seen = frame.get("seen")
        if isinstance(seen, dict):
            self.seen = {str(k): v for k, v in seen.items() if isinstance(v, int) and v >= 0}
        page = frame.get("page")
        self.page = [pk for pk in page if is_uuid(pk)][:MAX_PAGE] if isinstance(page, list) else []
        self._start("conversation", self._follow_conversation())

    async def _send_message(self, frame: dict[str, Any]) -> None:
        text, key, replaces = frame.get("text"), frame.get("key"), frame.get("replaces")
        if not isinstance(text, str) or not isinstance(key, str | None) or not (replaces is None or is_uuid(replaces)):
            await self._refuse()
            return
        await query(self.stay)
        await query(self.store_message, text, key or "", replaces)
        await self.tell({"t": "sent", "key": key})

    async def _stop(self, frame: dict[str, Any]) -> None:
        await query(services.stop_answer, actor=self.user, conversation=self.conversation)

    # -- to the page -----------------------------------------------------------------------------------------

    async def _follow_rights(self) -> None:
        """Close as soon as this person may be here no more."""
        await until_out(self.user.pk, self.is_still_welcome)
        await self.close(REJECTED)

    async def _follow_conversation(self) -> None:
        """Subscribe, read the rows, then apply what is newer; without Redis look at the rows each second."""
        key = conversation_key(self.conversation.pk)
        while True:
            try:
                after = await hub().end_of(key)
                await self._show_news()
                async for _event in hub().follow(key, after):
                    await self._show_news()
            except ConnectionError:
                await self._show_news()
                await asyncio.sleep(POLL_S)

    async def _show_news(self) -> None:
        """Bring the page to the shown branch: cut what left it, add what is new, follow what is not complete on it."""
        kept, messages = await query(self._news)
        if len(kept) < len(self.page):
            await self.tell({"t": "cut", "id": kept[-1] if kept else ""})
        self.page = kept
        for message in messages:
            pk = str(message.pk)
            if pk not in self.page:
                html = await query(self.html_of, message)
                kind = "start" if message.role == Message.Role.ASSISTANT else "user"
                await self.tell({"t": kind, "id": pk, "html": html})
                self.page.append(pk)
            if message.run_id and f"run {message.pk}" not in self.tasks and self._is_incomplete(message):
                self._start(f"run {message.pk}", self._follow_run(message))

    async def _follow_run(self, message: Message) -> None:
        live = rendering.LiveAnswer(str(message.pk))
        live.sent_blocks = self.seen.pop(str(message.pk), 0)
        key = run_key(message.run_id)
        while not await query(self._is_run_final, message.run_id):
            try:
                await self._relay(live, message, key)
                break
            except ConnectionError:
                live = rendering.LiveAnswer(str(message.pk), sent_blocks=live.sent_blocks)
                await asyncio.sleep(POLL_S)
        await self._show_end(message, live.sent_blocks)

    async def _relay(self, live: rendering.LiveAnswer, message: Message, key: str) -> None:
        """Turn stream events into frames until the run ends. A silent stream is checked against the rows."""
        events = hub().follow(key)
        pending: asyncio.Task[StreamEvent] | None = None
        try:
            while True:
                pending = pending or asyncio.ensure_future(anext(events))
                await asyncio.wait({pending}, timeout=5)
                if not pending.done():
                    if await query(self._is_run_final, message.run_id):
                        return
                    continue
                event, pending = pending.result(), None
                if event.kind == "end":
                    if await query(self._is_run_final, message.run_id):
                        return
                    continue
                live.apply(event)
                await self.show_event(message, event)
                for frame in live.frames():
                    await self.tell(frame)
        finally:
            if pending is not None:
                pending.cancel()
                with contextlib.suppress(asyncio.CancelledError, ConnectionError, StopAsyncIteration):
                    await pending
            await events.aclose()  # type: ignore[attr-defined]

    async def show_event(self, message: Message, event: StreamEvent) -> None:
        """Show what a run does besides writing."""
        if event.kind == "step":
            steps, sources = await query(self._steps_and_sources, message.pk)
            await self.tell({"t": "step", "id": str(message.pk), "html": steps})
            await self.tell({"t": "src", "id": str(message.pk), "html": sources})
        elif event.kind == "approval":
            steps, cards = await query(self._steps_and_approvals, message.pk)
            await self.tell({"t": "step", "id": str(message.pk), "html": steps})
            await self.tell({"t": "ask", "id": str(message.pk), "html": cards})
        elif event.kind == "waiting":
            await self.tell({"t": "wait", "id": str(message.pk), "text": event.data["reason"]})

    async def _show_end(self, message: Message, shown: int) -> None:
        frames = await query(self.end_frames, message.pk, shown)
        for frame in frames:
            await self.tell(frame)

    async def _refuse(self) -> None:
        with translation.override(self.language):
            await self.tell({"t": "err", "text": translation.gettext("The page sent something that cannot be read.")})

    async def tell(self, frame: dict[str, Any]) -> None:
        """Send a frame to the page."""
        await self.send(text_data=orjson.dumps(frame).decode())

    def _start(self, name: str, coroutine: Any) -> None:
        former = self.tasks.pop(name, None)
        if former is not None:
            former.cancel()
        task = asyncio.create_task(coroutine, name=name)
        task.add_done_callback(self._note_failure)
        self.tasks[name] = task

    def _note_failure(self, task: asyncio.Task[None]) -> None:
        """A follower that broke is written down and the socket closed: the page comes back and resumes."""
        if not task.cancelled() and task.exception() is not None:
            log.error("follower_failed", task=task.get_name(), exc_info=task.exception())
            self.closing = asyncio.ensure_future(self.close(BROKEN))

    # -- rows; each runs in a thread, inside the tenant ------------------------------------------------------

    def find_conversation(self) -> Conversation | None:
        """Return the conversation of the address, where it is that of who asks."""
        pk: UUID = self.scope["url_route"]["kwargs"]["pk"]
        return Conversation.objects.owned_by(self.user).filter(pk=pk).first()

    def is_still_welcome(self) -> bool:
        """Say whether who opened the socket may (still) be here."""
        session, user = self.scope.get("session"), User.objects.filter(pk=self.user.pk, is_active=True).first()
        return user is not None and session is not None and is_session_valid(session, user)

    def stay(self) -> None:
        """What somebody writes or stops here keeps their session, as opening a page does."""
        keep_alive(self.scope["session"])
        self.scope["session"].save()

    def _news(self) -> tuple[list[str], list[Message]]:
        """Return the page's messages that are still shown, and the shown ones that it lacks or has not complete."""
        shown = self.conversation.messages.shown().select_related("run", "conversation__agent")
        kept = list(shown.filter(pk__in=self.page))
        last = kept[-1].position if kept else 0
        fresh = list(shown.filter(position__gt=last).reverse()[:MAX_PAGE])[::-1]
        return [str(m.pk) for m in kept], [*filter(self._is_incomplete, kept), *fresh]

    def _is_incomplete(self, message: Message) -> bool:
        """Is the answer still being written, or does the page say that it shows only a part of it?"""
        return str(message.pk) in self.seen or (message.run is not None and not message.run.is_final)

    def html_of(self, message: Message) -> str:
        """Return the frame of a message."""
        return rendering.render_message(message, self.user)

    def store_message(self, text: str, key: str, replaces: str | None) -> None:
        """Send a message, in the place of a former one if there is one to replace. Raises what sending raises, and NotFound."""
        asked: dict[str, Any] = {"actor": self.user, "conversation": self.conversation, "text": text}
        if replaces:
            asked["replaces"] = self.conversation.messages.filter(pk=replaces, role=Message.Role.USER).first()
            if asked["replaces"] is None:
                raise NotFound(translation.gettext("This message is gone."))
        services.send_message(**asked, idempotency_key=key)

    def _is_run_final(self, run_id: UUID | None) -> bool:
        return Run.objects.filter(pk=str(run_id), state__in=Run.FINAL).exists()

    def fresh(self, message_id: UUID) -> Message:
        """Return a message as it is now."""
        return Message.objects.select_related("run", "conversation__agent").get(pk=message_id)

    def _steps_and_sources(self, message_id: UUID) -> tuple[str, str]:
        message = self.fresh(message_id)
        return rendering.render_steps(message), rendering.render_sources(message)

    def _steps_and_approvals(self, message_id: UUID) -> tuple[str, str]:
        message = self.fresh(message_id)
        return rendering.render_steps(message), rendering.render_approvals(message, self.user)

    def end_frames(self, message_id: UUID, shown: int) -> list[dict[str, Any]]:
        """Return the frames that complete an answer of which `shown` blocks are there."""
        message = self.fresh(message_id)
        frames = rendering.final_frames(message, shown)
        pk = str(message.pk)
        frames.append({"t": "step", "id": pk, "html": rendering.render_steps(message)})
        frames.append({"t": "src", "id": pk, "html": rendering.render_sources(message)})
        frames.append({"t": "ask", "id": pk, "html": rendering.render_approvals(message, self.user)})
        frames.append({"t": "done", "id": pk, "html": rendering.render_end(message), "say": announced(message)})
        return frames


def announced(message: Message) -> str:
    """Return what a screen reader says of an answer that is there."""
    words = len(message.text.split())
    return translation.ngettext("Answer ready, %(n)d word", "Answer ready, %(n)d words", words) % {"n": words}
