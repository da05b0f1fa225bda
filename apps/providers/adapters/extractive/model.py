"""The built-in model behind the chat port: it calls the search tool, then quotes what it found."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable

from django.utils.translation import gettext as _

from apps.core.language import token_estimate
from apps.providers.adapters.extractive.ranking import best_quotes
from apps.providers.types import (
    ChatMessage,
    ChatRequest,
    EmbeddingPort,
    Event,
    Finished,
    ModelInfo,
    Passage,
    Quote,
    TextDelta,
    ToolCall,
    Usage,
)

MODEL_NAME = "extractive"
SEARCH_TOOL = "search_knowledge"
QUOTES = 3
SURE, FAIR = 0.8, 0.4
WORTH_SHOWING = 0.04
_WORDS = re.compile(r"\S+\s*|\s+")


class Extractive:
    """Answers in two calls: first the search, then the quotes with their citations."""

    def __init__(self, *, embedder: Callable[[], EmbeddingPort | None]) -> None:
        self._embedder = embedder

    async def stream(self, request: ChatRequest) -> AsyncIterator[Event]:
        question = next((m.text for m in reversed(request.messages) if m.role == "user"), "")
        last = request.messages[-1]
        read = sum(token_estimate(message.text) for message in request.messages)
        if last.role == "user" and any(tool.name == SEARCH_TOOL for tool in request.tools):
            arguments = json.dumps({"query": question}, ensure_ascii=False)
            yield ToolCall("search_1", SEARCH_TOOL, arguments)
            yield Finished("tool_calls", Usage(read, token_estimate(arguments)))
            return
        text = await asyncio.to_thread(self._answer, question, last)
        for word in _WORDS.findall(text):
            yield TextDelta(word)
        yield Finished("stop", Usage(read, token_estimate(text)))

    async def models(self) -> list[ModelInfo]:
        """Name the one model."""
        return [ModelInfo(MODEL_NAME, takes_tools=True, takes_images=False, takes_schema=False)]

    def _answer(self, question: str, last: ChatMessage) -> str:
        passages = _passages(last.text) if last.role == "tool" else []
        quotes = best_quotes(question, passages, most=QUOTES, embedder=self._embedder())
        if not quotes:
            return _(
                "I found nothing about this in the documents that I may search. Try other words, or upload a document."
            )
        return compose(quotes)


def _passages(tool_result: str) -> list[Passage]:
    try:
        found = json.loads(tool_result).get("passages", [])
    except (json.JSONDecodeError, AttributeError):
        return []
    return [
        Passage(p["number"], p["document"], p["text"], p.get("heading", ""), p.get("page"), p.get("score", 0.0))
        for p in found
    ]


def compose(quotes: list[Quote]) -> str:
    """Write the answer in Markdown: the best quote, how sure it is, further quotes, and what this model is."""
    best, further = quotes[0], [quote for quote in quotes[1:] if quote.confidence >= WORTH_SHOWING]
    parts = [_lead(best.confidence), _quoted(best)]
    if further:
        parts += [_("Also in your documents:"), *map(_quoted, further)]
    parts.append(_("*These are quotes, word for word. No language model is connected, so nothing was rephrased.*"))
    return "\n\n".join(parts)


def _lead(confidence: float) -> str:
    if confidence >= SURE:
        return _("This sentence answers it:")
    if confidence >= FAIR:
        return _("This sentence probably answers it:")
    return _("I am not sure. These sentences come closest:")


def _quoted(quote: Quote) -> str:
    text = " ".join(re.sub(r"([\\`*_\[\]<>#|~])", r"\\\1", quote.text).split())
    return f"> {text} [{quote.number}]"
