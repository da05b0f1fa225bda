"""Personal details on their way to a model and back: covered in what it reads, uncovered in what it writes."""

from collections.abc import Sequence
from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from apps.agents.calls import Answer
from apps.agents.models import Run
from apps.core.personal import ACCOUNT, CARD, EMAIL, IDENTITY, MACHINE, PHONE, REGIONS, Veil
from apps.providers.types import ChatMessage, ToolCall

NAMES = {
    EMAIL: _("e-mail addresses"),
    PHONE: _("phone numbers"),
    CARD: _("payment cards"),
    ACCOUNT: _("bank accounts"),
    IDENTITY: _("tax and national ids"),
    MACHINE: _("addresses of machines"),
}


def all_regions() -> tuple[str, ...]:
    """Return the regions whose national phone numbers are known."""
    return tuple(region for regions in REGIONS.values() for region in regions)


def regions_of(run: Run) -> tuple[str, ...]:
    """Return the regions whose national phone numbers are looked for in a run: those of the language of who asked."""
    language = run.started_by.language if run.started_by else ""
    return REGIONS.get(language, all_regions())


def covered(messages: Sequence[ChatMessage], veil: Veil) -> tuple[ChatMessage, ...]:
    """Return messages as the model may read them: instructions, too, which may hold facts about the person."""
    return tuple(_covered(message, veil) for message in messages)


def uncover(answer: Answer, veil: Veil) -> None:
    """Put the details back into an answer: its text, and what it calls tools with."""
    answer.text = veil.reveal(answer.text)
    answer.tool_calls = [replace(call, arguments=veil.reveal_json(call.arguments)) for call in answer.tool_calls]


def _covered(message: ChatMessage, veil: Veil) -> ChatMessage:
    text = veil.cover_json(message.text) if message.role == "tool" else veil.cover(message.text)
    calls = tuple(ToolCall(call.id, call.name, veil.cover_json(call.arguments)) for call in message.tool_calls)
    return replace(message, text=text, tool_calls=calls)
