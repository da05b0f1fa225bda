"""A run's calls of models: metered, within the budgets, covered, kept where that is wanted, and stored as steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings
from django.utils import timezone

from apps.agents import veils
from apps.agents.calls import Answer, stream_answer
from apps.agents.kept import KeptAnswer, find_answer, keep_answer
from apps.agents.models import Run, RunEvent
from apps.agents.records import add_event, unique_calls
from apps.agents.runs.turn import Turn
from apps.agents.types import Fact
from apps.core.database.pool import release_connection
from apps.core.language import token_estimate
from apps.core.personal import Veil
from apps.core.wire import run_on_wire
from apps.jobs import engine
from apps.jobs.errors import JobCancelled, LostLease
from apps.providers import breaker
from apps.providers.errors import ProviderError, RefusedError, SwitchedOff, TimedOut, TransientError
from apps.providers.models import ProviderModel
from apps.providers.registry import candidates, chat_port, default_model
from apps.providers.types import ChatMessage, ChatRequest, ToolCall, ToolSpec, Usage
from apps.tenants.options import ANSWER_TOKENS, KEEP_ANSWERS, PERSONAL
from apps.tenants.resolver import resolve
from apps.usage.services import ledger
from apps.usage.types import Call, Outcome

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Wanted:
    """What a model is to answer. `place` names the step in the run, `facts` are those before it.

    `schema` is what the answer has to follow, where the model keeps to one; `about` goes into the stored step. An answer that is
    `shown` is streamed while it is written.
    """

    place: str
    messages: Sequence[ChatMessage]
    specs: tuple[ToolSpec, ...] = ()
    schema: dict[str, Any] | None = None
    facts: Sequence[Fact] = ()
    about: Mapping[str, Any] = field(default_factory=dict)
    is_shown: bool = True


class Asking:
    """What a run's turn asks models with."""

    def __init__(self, turn: Turn) -> None:
        self.turn, self.run, self.claim = turn, turn.run, turn.claim
        self.answer = Answer()
        self.most_answer_tokens = resolve(ANSWER_TOKENS, turn.places).value
        self.kept_hours = resolve(KEEP_ANSWERS, turn.places).value
        self.veil: Veil | None = None
        self.regions = None if resolve(PERSONAL, turn.places).value == "off" else veils.regions_of(turn.run)

    def models(self) -> list[ProviderModel]:
        """Return the run's model and those that its organisation named to be asked instead, in order."""
        return candidates(self.run.acts_as.model or default_model())

    def ask(self, wanted: Wanted) -> tuple[Answer, tuple[ToolCall, ...]]:
        """Have the first model that can answer, and store that as a step; return it with its calls, named apart from earlier ones.

        Raises ProviderError, BudgetSpent, and what ends a worker's turn.
        """
        failures: list[ProviderError] = []
        for model in self.models():
            started_at = timezone.now()
            try:
                with breaker.guarded(model.provider):
                    self.ask_one(model, wanted)
            except RefusedError:
                raise
            except ProviderError as error:
                log.warning("model_failed", run=str(self.run.pk), model=str(model.pk), error=type(error).__name__)
                failures.append(error)
                self.discard()
                continue
            return self.store(model, wanted, started_at)
        raise _to_report(failures)

    def ask_one(self, model: ProviderModel, wanted: Wanted) -> None:
        """Have one model answer into `self.answer`, within the budgets. Raises ProviderError, BudgetSpent."""
        self.answer = Answer()
        self.veil = None if self.regions is None else Veil(self.regions)
        said = tuple(wanted.messages)
        messages = said if self.veil is None else veils.covered(said, self.veil)
        request = ChatRequest(
            model.name,
            messages,
            wanted.specs if model.takes_tools else (),
            max_tokens=self.most_answer_tokens,
            answer_schema=wanted.schema if model.takes_schema else None,
        )
        try:
            if not self.take_kept(model, request, wanted):
                self.ask_on_wire(model, request, wanted)
        finally:
            if self.veil is not None:
                veils.uncover(self.answer, self.veil)

    def ask_on_wire(self, model: ProviderModel, request: ChatRequest, wanted: Wanted) -> None:
        """Have the model answer, metered. Raises ProviderError, BudgetSpent."""
        call = self.metered(model, wanted)
        ledger.reserve(call, ledger.most_tokens(request))
        port = chat_port(model.provider)
        release_connection()  # the wire may be busy for minutes
        key = self.turn.key if wanted.is_shown and not self.turn.is_held_back else ""
        answering = stream_answer(port, request, claim=self.claim, key=key, answer=self.answer, veil=self.veil)
        try:
            run_on_wire(answering, timeout_s=settings.PROVIDER_CALL_LIMIT_S)
        except TimeoutError as error:
            ledger.settle(call, self.unfinished(request))
            raise TimedOut from error
        except (ProviderError, JobCancelled, LostLease):
            ledger.settle(call, self.unfinished(request))
            raise
        if self.kept_hours:
            answer = self.answer
            kept = KeptAnswer(answer.text, tuple(answer.tool_calls), answer.reason, answer.opaque)
            keep_answer(model, request, kept, hours=self.kept_hours)

    def take_kept(self, model: ProviderModel, request: ChatRequest, wanted: Wanted) -> bool:
        """Take the answer that was given to the same request before, where the agent keeps answers. False: there is none."""
        kept = find_answer(model, request) if self.kept_hours else None
        if kept is None:
            return False
        calls = list(kept.tool_calls)
        self.answer = Answer(kept.text, calls, reason=kept.reason, opaque=kept.opaque, is_kept=True)
        if kept.text and wanted.is_shown and not self.turn.is_held_back:
            self.turn.publish("text", d=self.veil.reveal(kept.text) if self.veil else kept.text)
        return True

    def metered(self, model: ProviderModel, wanted: Wanted) -> Call:
        """Name the call for its step; an attempt of another worker, or at another model, is a call of its own."""
        place = f"{self.run.pk}:{wanted.place}"
        key = f"{place}:{model.pk}:{self.claim.fence}"
        run, agent = self.run, self.run.agent
        return Call(key, place, model, run.started_by, agent.published_id, agent.name, run.pk, run.project)

    def unfinished(self, request: ChatRequest) -> Outcome:
        """Estimate what a call came to that did not finish: nothing, unless the model had begun to write."""
        answer, usage = self.answer, Usage()
        if answer.text or answer.tool_calls:
            usage = Usage(ledger.most_tokens(request).input_tokens, token_estimate(answer.text))
        return Outcome(usage, False, is_estimated=True, took_s=answer.took_s, first_token_s=answer.first_token_s)

    def discard(self) -> None:
        """Take back on the page what a model wrote that did not finish."""
        if self.answer.text:
            self.turn.publish("discard", text=self.turn.shown())
        self.answer = Answer()

    def store(self, model: ProviderModel, wanted: Wanted, started_at: datetime) -> tuple[Answer, tuple[ToolCall, ...]]:
        answer = self.answer
        calls = unique_calls(answer.tool_calls, wanted.facts)
        payload = {**_as_payload(answer, calls, model.provider.name), **wanted.about}
        if self.veil is not None:
            payload["covered"] = self.veil.counts
        outcome = Outcome(
            answer.usage, True, took_s=answer.took_s, first_token_s=answer.first_token_s, is_kept=answer.is_kept
        )
        try:
            with engine.checkpoint(self.claim):
                event = add_event(self.run, RunEvent.Kind.MODEL, model.name, payload, started_at)
                ledger.settle(self.metered(model, wanted), outcome)
                self.run.input_tokens += answer.usage.input_tokens
                self.run.output_tokens += answer.usage.output_tokens
                Run.objects.filter(pk=self.run.pk).update(
                    input_tokens=self.run.input_tokens, output_tokens=self.run.output_tokens
                )
        except (LostLease, JobCancelled) as stopped:  # the step does not count, what it cost does
            ledger.settle(self.metered(model, wanted), replace(outcome, is_answered=isinstance(stopped, JobCancelled)))
            raise
        self.answer = Answer()
        if answer.text and calls and wanted.is_shown and not self.turn.is_held_back:
            self.turn.publish("text", d="\n\n")
        self.turn.publish_step(event)
        return answer, calls


def _as_payload(answer: Answer, calls: Sequence[ToolCall], provider: str) -> dict[str, Any]:
    """Return a finished answer as its event keeps it."""
    return {
        "text": answer.text,
        "reason": answer.reason,
        "provider": provider,
        "tool_calls": [{"id": c.id, "name": c.name, "arguments": c.arguments} for c in calls],
        "input_tokens": answer.usage.input_tokens,
        "output_tokens": answer.usage.output_tokens,
        "cached_tokens": answer.usage.cached_tokens,
        "reasoning_tokens": answer.usage.reasoning_tokens,
        "first_token_s": answer.first_token_s,
        "opaque": answer.opaque,
        "is_kept": answer.is_kept,
    }


def _to_report(failures: list[ProviderError]) -> ProviderError:
    """Choose what to say when every model failed: what may pass comes first, the soonest of it."""
    passing = [error for error in failures if isinstance(error, TransientError)]
    if passing:
        return min(passing, key=lambda error: error.retry_after_s or 0.0)
    return failures[0] if failures else SwitchedOff()
