"""Trying versions of a prompt: each is asked the same question by the same model, at the same time, and metered."""

import asyncio
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from apps.audit.services.trail import record
from apps.core.database.pool import release_connection
from apps.core.errors import InvalidInput
from apps.core.language import token_estimate
from apps.core.limits import Limit, spend
from apps.core.permissions import require
from apps.core.wire import run_on_wire
from apps.prompts import actions
from apps.prompts.models import PromptVersion
from apps.prompts.services.library import CHANGE
from apps.prompts.templating import checked_values, given_values, render
from apps.prompts.types import Trial
from apps.providers.errors import ProviderError, TimedOut
from apps.providers.models import ProviderModel
from apps.providers.registry import chat_port
from apps.providers.types import ChatMessage, ChatPort, ChatRequest, Finished, TextDelta, Usage
from apps.usage.errors import BudgetSpent
from apps.usage.prices import rate_of
from apps.usage.services import ledger
from apps.usage.types import Call, Outcome

TRIED = Limit("try-prompt", amount=60, per_s=3600)
LIMIT_S, MOST_TOKENS, MOST_VERSIONS, MAX_QUESTION_CHARS = 60.0, 1_024, 2, 8_000


@dataclass
class _Turn:
    """One version on its way: the call, what it is asked, and what came."""

    version: PromptVersion
    text: str
    call: Call
    request: ChatRequest
    port: ChatPort
    answer: str = ""
    problem: str = ""
    usage: Usage = field(default_factory=Usage)
    took_s: float = 0.0
    is_reserved: bool = False


def try_versions(
    *, actor: Any, versions: Sequence[PromptVersion], values: Mapping[str, Any], question: str, model: ProviderModel
) -> list[Trial]:
    """Ask a model the same question under one or two versions; what goes wrong stands in the trial.

    Raises Forbidden, InvalidInput for values that are missing or no question, TooManyRequests.
    """
    require(actor, CHANGE)
    question = question.replace("\0", "").strip()
    if not question or len(question) > MAX_QUESTION_CHARS:
        raise InvalidInput(
            _("Write a question, of at most %(n)d characters.") % {"n": MAX_QUESTION_CHARS}, field="question"
        )
    turns = [_turn(actor, version, values, question, model) for version in versions[:MOST_VERSIONS]]
    spend(TRIED, str(actor.pk))
    for turn in turns:
        _reserve(turn)
    release_connection()
    try:
        run_on_wire(_all([turn for turn in turns if turn.is_reserved]), timeout_s=LIMIT_S + 5)
    except TimeoutError:
        for turn in turns:
            turn.problem = turn.problem or TimedOut.sentence
    after = {"versions": [turn.version.number for turn in turns], "model": str(model)}
    record(actions.PROMPT_TRIED, actor=actor, target=turns[0].version.prompt, after=after)
    return [_settled(turn) for turn in turns]


def _turn(actor: Any, version: PromptVersion, values: Mapping[str, Any], question: str, model: ProviderModel) -> _Turn:
    text = render(version.text, checked_values(version.variables, values) | given_values(actor))
    key = f"prompt:{version.pk}:{uuid.uuid4()}"
    messages = (ChatMessage("system", text), ChatMessage("user", question))
    request = ChatRequest(model.name, messages, max_tokens=MOST_TOKENS)
    return _Turn(version, text, Call(key, key, model, actor), request, chat_port(model.provider))


def _reserve(turn: _Turn) -> None:
    try:
        ledger.reserve(turn.call, ledger.most_tokens(turn.request))
        turn.is_reserved = True
    except BudgetSpent as error:
        turn.problem = str(error.message)


async def _all(turns: Sequence[_Turn]) -> None:
    await asyncio.gather(*(_ask(turn) for turn in turns))


async def _ask(turn: _Turn) -> None:
    started = time.monotonic()
    try:
        async with asyncio.timeout(LIMIT_S):
            async for event in turn.port.stream(turn.request):
                if isinstance(event, TextDelta):
                    turn.answer += event.text
                elif isinstance(event, Finished):
                    turn.usage = event.usage
    except TimeoutError:
        turn.problem = TimedOut.sentence
    except ProviderError as error:
        turn.problem = error.sentence
    finally:
        turn.took_s = time.monotonic() - started


def _settled(turn: _Turn) -> Trial:
    if turn.is_reserved:
        is_estimated = bool(turn.problem and turn.answer)  # it broke off: what it had written is paid for
        if is_estimated:
            turn.usage = Usage(ledger.most_tokens(turn.request).input_tokens, token_estimate(turn.answer))
        outcome = Outcome(turn.usage, not turn.problem, is_estimated=is_estimated, took_s=turn.took_s)
        ledger.settle(turn.call, outcome)
    return Trial(
        turn.version.number,
        turn.text,
        turn.answer,
        _(turn.problem) if turn.problem else "",
        turn.took_s,
        turn.usage.input_tokens,
        turn.usage.output_tokens,
        rate_of(turn.call.model).cost_of(turn.usage),
    )
