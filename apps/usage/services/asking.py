"""One call of a model that belongs to no run: reserved, made and settled, by itself or beside others."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from apps.core.database.pool import release_connection
from apps.core.language import token_estimate
from apps.core.wire import run_on_wire
from apps.providers.errors import ProviderError, TimedOut
from apps.providers.registry import chat_port
from apps.providers.types import ChatPort, ChatRequest, Finished, TextDelta, Usage
from apps.usage.errors import BudgetSpent
from apps.usage.services import ledger
from apps.usage.types import Call, Outcome

LIMIT_S = 60.0


@dataclass
class Asking:
    """A call on its way: what is asked, what came, and `error` where that is not all."""

    call: Call
    request: ChatRequest
    answer: str = ""
    error: ProviderError | BudgetSpent | None = None
    usage: Usage = field(default_factory=Usage)
    took_s: float = 0.0
    is_reserved: bool = False
    port: ChatPort = field(init=False)

    def __post_init__(self) -> None:
        self.port = chat_port(self.call.model.provider)


def ask(*askings: Asking) -> None:
    """Make calls at the same time, each within the budgets; what goes wrong stands in each. Outside of a transaction."""
    for asking in askings:
        _reserve(asking)
    release_connection()
    try:
        run_on_wire(_all([each for each in askings if each.is_reserved]), timeout_s=LIMIT_S + 5)
    except TimeoutError:
        for asking in askings:
            asking.error = asking.error or TimedOut()
    for asking in askings:
        _settle(asking)


def _reserve(asking: Asking) -> None:
    try:
        ledger.reserve(asking.call, ledger.most_tokens(asking.request))
        asking.is_reserved = True
    except BudgetSpent as error:
        asking.error = error


async def _all(askings: Sequence[Asking]) -> None:
    await asyncio.gather(*(_ask(asking) for asking in askings))


async def _ask(asking: Asking) -> None:
    started = time.monotonic()
    try:
        async with asyncio.timeout(LIMIT_S):
            async for event in asking.port.stream(asking.request):
                if isinstance(event, TextDelta):
                    asking.answer += event.text
                elif isinstance(event, Finished):
                    asking.usage = event.usage
    except TimeoutError:
        asking.error = TimedOut()
    except ProviderError as error:
        asking.error = error
    finally:
        asking.took_s = time.monotonic() - started


def _settle(asking: Asking) -> None:
    if not asking.is_reserved:
        return
    is_estimated = bool(asking.error and asking.answer)  # it broke off: what it had written is paid for
    if is_estimated:
        asking.usage = Usage(ledger.most_tokens(asking.request).input_tokens, token_estimate(asking.answer))
    outcome = Outcome(asking.usage, asking.error is None, is_estimated=is_estimated, took_s=asking.took_s)
    ledger.settle(asking.call, outcome)
