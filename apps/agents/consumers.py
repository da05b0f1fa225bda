"""The socket of a run: its events as JSON, for programs and other sites' pages (docs/asyncapi.yaml). A ticket opens it."""

import asyncio
from contextlib import aclosing
from urllib.parse import parse_qs
from uuid import UUID

import orjson
import structlog
from channels.generic.websocket import AsyncWebsocketConsumer

from apps.accounts.models import User
from apps.agents import tickets
from apps.agents.live import follow, until_out
from apps.agents.models import Run
from apps.agents.stream import BEGINNING, is_entry_id
from apps.core.caller import Caller, set_caller
from apps.core.sockets import count_in, count_out, query, socket_address
from apps.core.tenancy import current_tenant

log = structlog.get_logger(__name__)
PROTOCOL = "guildhall.run.v1"
DONE, REJECTED, GONE, TOO_MANY, BROKEN = 1000, 4401, 4404, 4429, 4500


class RunConsumer(AsyncWebsocketConsumer):
    """One follower of one run. It takes nothing in; `after` in its address is the id of the last event that it has."""

    async def connect(self) -> None:
        self.is_counted, self.work = False, list[asyncio.Task[None]]()
        parameters = parse_qs(self.scope["query_string"].decode("latin-1"))
        text, after = (parameters.get(name, [""])[0] for name in ("ticket", "after"))
        self.run_id = self.scope["url_route"]["kwargs"]["pk"]
        ticket = await query(tickets.tear, text)
        if ticket is None or ticket["run"] != str(self.run_id):
            await self.close(REJECTED)
            return
        self.user_id = UUID(ticket["user"])
        set_caller(Caller(socket_address(self.scope), ticket["second"]))
        if not await query(self._sees):
            await self.close(REJECTED)
            return
        await self.accept(PROTOCOL if PROTOCOL in self.scope["subprotocols"] else None)
        self.is_counted = count_in(self.user_id)
        if not self.is_counted:
            await self.close(TOO_MANY)
            return
        told = self._tell(after if is_entry_id(after) else BEGINNING)
        self.work = [asyncio.create_task(told), asyncio.create_task(self._watch())]

    async def disconnect(self, code: int) -> None:
        for task in self.work:
            task.cancel()
        if self.is_counted:
            count_out(self.user_id)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Nothing is asked of this socket; what comes is passed over."""

    async def _tell(self, after: str) -> None:
        """Send what happens until the end; the socket does not stay open and silent where that breaks."""
        code = DONE
        try:
            async with aclosing(follow(current_tenant(), self.run_id, after)) as events:
                async for event in events:
                    if event is not None:
                        frame = {"id": event.id, "event": event.kind, "data": event.data}
                        await self.send(text_data=orjson.dumps(frame, default=str).decode())
        except Run.DoesNotExist:
            code = GONE
        except Exception:
            log.exception("follower_failed")
            code = BROKEN
        await self.close(code)

    async def _watch(self) -> None:
        await until_out(self.user_id, self._sees)
        await self.close(REJECTED)

    def _sees(self) -> bool:
        user = User.objects.filter(pk=self.user_id, is_active=True).first()
        return user is not None and Run.objects.visible_to(user).filter(pk=self.run_id).exists()
