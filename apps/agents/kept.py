"""Answers of models that were given before: kept for agents that ask for it, found by everything that the model was asked.

The key holds the model, its provider as it is set up now, and the whole request: instructions, history, tools and their results,
limits. Two people get the same answer only when the model would have read the same words, what the search found for each included.
"""

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

import orjson
from django.utils.translation import gettext_lazy as _

from apps.core.caches import DISK, REDIS, Level, ReadThrough
from apps.providers.models import ProviderModel
from apps.providers.types import ChatRequest, ToolCall

LONGEST_S = 30 * 86_400
ANSWERS = ReadThrough("answers", words=_("Answers of models"), levels=(Level(REDIS, LONGEST_S), Level(DISK, LONGEST_S)))


@dataclass(frozen=True)
class KeptAnswer:
    """What a model answered to a request."""

    text: str
    tool_calls: tuple[ToolCall, ...]
    reason: str
    opaque: dict[str, Any] | None


def key_of(model: ProviderModel, request: ChatRequest) -> str:
    """Return the key under which the answer to a request is kept (SHA-256)."""
    asked = [str(model.provider_id), model.provider.updated_at.isoformat(), asdict(request)]
    return hashlib.sha256(orjson.dumps(asked, default=_plain, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _plain(value: Any) -> str:
    return hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else str(value)


def find_answer(model: ProviderModel, request: ChatRequest) -> KeptAnswer | None:
    """Return what the model answered to the very same request, None when that is not kept."""
    found = ANSWERS.peek(key_of(model, request))
    return found[0] if found else None


def keep_answer(model: ProviderModel, request: ChatRequest, answer: KeptAnswer, *, hours: int) -> None:
    """Keep an answer for some hours."""
    ANSWERS.put(key_of(model, request), answer, keep_s=hours * 3600)
