"""The socket of a visitor's chat on another site: the chat's own, opened by a ticket, with what concerns people of the organisation left out."""

from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from django.template.loader import render_to_string
from django.utils import translation

from apps.agents.types import StreamEvent
from apps.conversations import rendering
from apps.conversations.consumers import REJECTED, ChatConsumer, announced
from apps.conversations.models import Conversation, Message
from apps.core.caller import Caller, set_caller
from apps.core.sockets import query, socket_address
from apps.widgets.services import visits


class VisitConsumer(ChatConsumer):
    """One tab's view of a visitor's conversation. `language` in the address is the page's."""

    async def enter(self) -> Conversation | int:
        set_caller(Caller(socket_address(self.scope), False))
        asked = parse_qs(self.scope["query_string"].decode("latin-1"))
        ticket, language = (asked.get(name, [""])[0] for name in ("ticket", "language"))
        self.language = language if translation.check_for_language(language) else None
        found = await query(visits.welcome, ticket, self.scope["url_route"]["kwargs"]["pk"])
        if found is None:
            return REJECTED
        self.visitor, conversation = found
        self.user, self.counted_as = self.visitor.widget.account, self.visitor.pk
        return conversation if await query(self.is_still_welcome) else REJECTED

    async def show_event(self, message: Message, event: StreamEvent) -> None:
        """Visitors see no steps; that somebody has to agree first, they are told."""
        if event.kind == "waiting":
            await self.tell({"t": "wait", "id": str(message.pk), "text": event.data["reason"]})
        elif event.kind == "approval":
            with translation.override(self.language):
                words = translation.gettext("Somebody has to look at this first. The answer comes here.")
            await self.tell({"t": "wait", "id": str(message.pk), "text": words})

    def is_still_welcome(self) -> bool:
        return visits.is_welcome(self.visitor)

    def stay(self) -> None:
        """Visitors have no session."""

    def store_message(self, text: str, key: str, replaces: str | None) -> None:
        visits.ask(self.visitor, self.conversation, text, key)

    def html_of(self, message: Message) -> str:
        return render_to_string("widgets/_message.html", self._about(message))

    def end_frames(self, message_id: UUID, shown: int) -> list[dict[str, Any]]:
        message = self.fresh(message_id)
        html = render_to_string("widgets/_end.html", self._about(message))
        done = {"t": "done", "id": str(message.pk), "html": html, "say": announced(message)}
        return [*rendering.final_frames(message, shown), done]

    def _about(self, message: Message) -> dict[str, Any]:
        is_answer = message.role == Message.Role.ASSISTANT
        return {
            "message": message,
            "run": message.run,
            "agent": message.conversation.agent,
            "is_open": message.run is not None and not message.run.is_final,
            "blocks": rendering.message_blocks(message) if is_answer else [],
            "sources": [row for row in rendering.citation_rows(message) if row["is_cited"]] if is_answer else [],
        }
