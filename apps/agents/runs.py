"""The worker side of a run: ask the loop for the next step, do it, store it; any step survives its worker."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import orjson
import structlog
from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from apps.agents import actions, caps, composing, loop, registry, rules, veils
from apps.agents.acting import Act, InDoubt, Inside, Parked
from apps.agents.calls import Answer, stream_answer
from apps.agents.kept import KeptAnswer, find_answer, keep_answer
from apps.agents.models import Run, RunEvent
from apps.agents.records import (
    PUBLISH_LIMIT_S,
    add_event,
    brief_of,
    facts_of,
    option_places,
    root_of,
    settle,
    sources_of,
    unique_calls,
)
from apps.agents.registry import HeldTool
from apps.agents.stream import announce_approval, publisher, run_key
from apps.agents.tools.base import ToolResult
from apps.agents.tools.code import RUN_PYTHON
from apps.agents.types import (
    CallModel,
    CallTool,
    Finish,
    GiveUp,
    ModelAnswered,
    StreamEvent,
    ToolReturned,
    Verdict,
)
from apps.audit.services.trail import record
from apps.core.caller import Caller, calling
from apps.core.database.pool import release_connection
from apps.core.language import token_estimate
from apps.core.personal import Veil
from apps.core.wire import run_on_wire
from apps.jobs import engine
from apps.jobs.errors import JobCancelled, LostLease, RetryLater
from apps.jobs.models import Job
from apps.jobs.types import Claim
from apps.providers import breaker
from apps.providers.errors import ProviderError, RefusedError, SwitchedOff, TimedOut, TransientError
from apps.providers.models import ProviderModel
from apps.providers.registry import candidates, chat_port, default_model
from apps.providers.types import ChatRequest, ToolCall, Usage
from apps.tenants.options import ANSWER_TOKENS, KEEP_ANSWERS, PERSONAL
from apps.tenants.resolver import resolve
from apps.usage.errors import BudgetSpent
from apps.usage.services import ledger
from apps.usage.types import Call, Outcome

log = structlog.get_logger(__name__)


class Runs:
    """Handler of jobs of the kind RUN; the object is a Run."""

    def work(self, claim: Claim) -> None:
        run = Run.objects.select_related("agent", "agent__model__provider", "started_by", "project").get(
            pk=claim.object_id
        )
        language = run.started_by.language if run.started_by and run.started_by.language else None
        caller = Caller(run.asked_from or "", run.asked_with_second_factor, through=f"agent:{run.agent}")
        with translation.override(language), calling(caller):
            _Work(claim, run).go()

    def cancel(self, claim: Claim) -> None:
        run = Run.objects.get(pk=claim.object_id)
        settle(run, Run.State.CANCELLED, loop.answer_text(facts_of(run)))

    def bury(self, claim: Claim, reason: str) -> None:
        run = Run.objects.get(pk=claim.object_id)
        state = Run.State.DEAD if claim.deaths else Run.State.FAILED
        settle(run, state, loop.answer_text(facts_of(run)), error=reason)


class _Work:
    """One worker's turn at one run."""

    def __init__(self, claim: Claim, run: Run) -> None:
        self.claim = claim
        self.run = run
        self.key = run_key(run.pk)
        held = registry.tools_of(run.agent, run.project, allowed=run.allowed_tools, depth=run.depth)
        self.tools = {each.tool.spec.name: each for each in held}
        self.facts = facts_of(run)
        self.brief = brief_of(run)
        self.answer = Answer()
        self.rules = composing.rules_of(run.agent)
        self.is_held_back = rules.may_block([rule for rule in self.rules if rule.stage == "output"])
        self.places = places = option_places(run.agent.published_id, run.project_id)
        self.most_answer_tokens = resolve(ANSWER_TOKENS, places).value
        self.kept_hours = resolve(KEEP_ANSWERS, places).value
        self.veil: Veil | None = None
        self.regions = None if resolve(PERSONAL, places).value == "off" else veils.regions_of(run)

    def go(self) -> None:
        with engine.checkpoint(self.claim, is_progress=False):
            Run.objects.filter(pk=self.run.pk).update(
                state=Run.State.RUNNING, started_at=self.run.started_at or timezone.now(), error=""
            )
        self.publish("discard", text=self.shown())
        try:
            if self.may_begin():
                self.steps()
        except JobCancelled:
            text = "\n\n".join(filter(None, [loop.answer_text(self.facts), self.answer.text]))
            self.end(Job.State.CANCELLED, Run.State.CANCELLED, text)
        except caps.CapReached as reached:
            text = loop.answer_text(self.facts)
            self.end(Job.State.FAILED, Run.State.FAILED, text, error=reached.sentence, code=reached.code)
        except TransientError as error:
            self.postpone(error)
        except ProviderError as error:
            self.end(Job.State.FAILED, Run.State.FAILED, loop.answer_text(self.facts), error=_(error.sentence))
        except BudgetSpent as error:
            text = loop.answer_text(self.facts)
            self.end(Job.State.FAILED, Run.State.FAILED, text, error=str(error.message), code=error.code)

    def steps(self) -> None:
        while True:
            self.claim.ensure_held()
            step = loop.next_step(self.brief, self.facts)
            if isinstance(step, Finish):
                self.finish(step.text)
                return
            caps.check(self.run, self.places)
            if isinstance(step, GiveUp):
                reason = _("The agent used up its steps without coming to an answer.")
                self.end(Job.State.FAILED, Run.State.FAILED, "", error=reason, code="steps_used_up")
                return
            if isinstance(step, CallModel):
                self.call_model(step)
            elif not self.call_tool(step):
                return

    def may_begin(self) -> bool:
        """Have the rules look at the question, once a run; False when one stopped it."""
        looking = [rule for rule in self.rules if rule.stage == "input"]
        known = self.run.events.filter(kind=RunEvent.Kind.RULES, name="input").first()
        if known is not None:
            self.brief = replace(self.brief, additions=tuple(known.payload["additions"]))
        if known is not None or not looking:
            return True
        said = "\n".join(message.text for message in self.brief.history)
        started_at = timezone.now()
        verdict = rules.check(self.run.question, looking, beside=said)
        if verdict.is_blocked:
            self.block("input", verdict, started_at)
            return False
        with engine.checkpoint(self.claim):
            event = self.add_findings("input", verdict, started_at)
        self.brief = replace(self.brief, additions=verdict.additions)
        self.publish_step(event)
        return True

    def finish(self, text: str) -> None:
        """Have the rules look at the answer, show what they made of it, and end the run."""
        looking = [rule for rule in self.rules if rule.stage == "output"]
        started_at = timezone.now()
        verdict = rules.check(text, looking)
        if verdict.is_blocked:
            self.block("output", verdict, started_at)
            return
        if self.is_held_back or verdict.text != text:
            self.publish("discard", text=verdict.text)
        with engine.settlement(self.claim, Job.State.SUCCEEDED):
            if looking:
                self.add_findings("output", verdict, started_at)
            settle(self.run, Run.State.SUCCEEDED, verdict.text)

    def block(self, stage: str, verdict: Verdict, started_at: datetime) -> None:
        """End a run that a rule stopped: it names the rule, and what was written is not shown."""
        blocking = verdict.findings[-1]
        reason = _("The rule “%(rule)s” stopped this: %(words)s") % {"rule": blocking.rule, "words": blocking.words}
        self.publish("discard", text="")
        with engine.settlement(self.claim, Job.State.FAILED, error="rule_blocked"):
            self.add_findings(stage, verdict, started_at)
            record(
                actions.RULE_BLOCKED,
                actor=self.run.started_by,
                target=self.run,
                after={"rule": blocking.rule, "stage": stage},
            )
            settle(self.run, Run.State.FAILED, "", error=reason, code="rule_blocked")

    def add_findings(self, stage: str, verdict: Verdict, started_at: datetime) -> RunEvent:
        payload = {"findings": [vars(finding) for finding in verdict.findings], "additions": list(verdict.additions)}
        return add_event(self.run, RunEvent.Kind.RULES, stage, payload, started_at)

    def call_model(self, step: CallModel) -> None:
        """Ask the run's model; where that fails, those that its organisation named to be asked instead, in order."""
        failures: list[ProviderError] = []
        for model in candidates(self.run.agent.model or default_model()):
            started_at = timezone.now()
            try:
                with breaker.guarded(model.provider):
                    self.ask(model, step)
            except RefusedError:
                raise
            except ProviderError as error:
                log.warning("model_failed", run=str(self.run.pk), model=str(model.pk), error=type(error).__name__)
                failures.append(error)
                self.discard()
                continue
            self.store_answer(model, started_at)
            return
        raise _to_report(failures)

    def ask(self, model: ProviderModel, step: CallModel) -> None:
        """Have one model answer into `self.answer`, within the budgets. Raises ProviderError, BudgetSpent."""
        self.answer = Answer()
        self.veil = None if self.regions is None else Veil(self.regions)
        specs = (
            tuple(held.tool.spec for held in self.tools.values()) if step.may_use_tools and model.takes_tools else ()
        )
        messages = step.messages if self.veil is None else veils.covered(step.messages, self.veil)
        request = ChatRequest(model.name, messages, specs, max_tokens=self.most_answer_tokens)
        try:
            if not self.take_kept(model, request):
                self.ask_on_wire(model, request)
        finally:
            if self.veil is not None:
                veils.uncover(self.answer, self.veil)

    def ask_on_wire(self, model: ProviderModel, request: ChatRequest) -> None:
        """Have the model answer, metered. Raises ProviderError, BudgetSpent."""
        call = self.metered(model)
        ledger.reserve(call, ledger.most_tokens(request))
        port = chat_port(model.provider)
        release_connection()  # the wire may be busy for minutes
        key = "" if self.is_held_back else self.key
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

    def take_kept(self, model: ProviderModel, request: ChatRequest) -> bool:
        """Take the answer that was given to the same request before, where the agent keeps answers. False: there is none."""
        kept = find_answer(model, request) if self.kept_hours else None
        if kept is None:
            return False
        calls = list(kept.tool_calls)
        self.answer = Answer(kept.text, calls, reason=kept.reason, opaque=kept.opaque, is_kept=True)
        if kept.text and not self.is_held_back:
            self.publish("text", d=self.veil.reveal(kept.text) if self.veil else kept.text)
        return True

    def metered(self, model: ProviderModel) -> Call:
        """Name the call for the step that comes next; an attempt of another worker, or at another model, is a call of its own."""
        place = f"{self.run.pk}:{len(self.facts)}"
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
            self.publish("discard", text=self.shown())
        self.answer = Answer()

    def shown(self) -> str:
        """Return what may be seen so far of the finished steps."""
        return "" if self.is_held_back else loop.answer_text(self.facts)

    def store_answer(self, model: ProviderModel, started_at: datetime) -> None:
        answer = self.answer
        calls = unique_calls(answer.tool_calls, self.facts)
        payload = _as_payload(answer, calls, model.provider.name)
        if self.veil is not None:
            payload["covered"] = self.veil.counts
        outcome = Outcome(
            answer.usage, True, took_s=answer.took_s, first_token_s=answer.first_token_s, is_kept=answer.is_kept
        )
        try:
            with engine.checkpoint(self.claim):
                event = add_event(self.run, RunEvent.Kind.MODEL, model.name, payload, started_at)
                ledger.settle(self.metered(model), outcome)
                self.run.input_tokens += answer.usage.input_tokens
                self.run.output_tokens += answer.usage.output_tokens
                Run.objects.filter(pk=self.run.pk).update(
                    input_tokens=self.run.input_tokens, output_tokens=self.run.output_tokens
                )
        except (LostLease, JobCancelled) as stopped:  # the step does not count, what it cost does
            ledger.settle(self.metered(model), replace(outcome, is_answered=isinstance(stopped, JobCancelled)))
            raise
        self.facts.append(ModelAnswered(answer.text, calls, answer.opaque))
        self.answer = Answer()
        if answer.text and calls and not self.is_held_back:
            self.publish("text", d="\n\n")
        self.publish_step(event)

    def call_tool(self, step: CallTool) -> bool:
        """Do one tool call; False when the run waits, or had to be put aside for a person."""
        held, call, started_at = self.tools.get(step.call.name), step.call, timezone.now()
        self.publish("working", name=call.name)
        if held is None:
            self.store_result(call, ToolResult({"error": f"There is no tool named {call.name}."}), started_at)
            return True
        act = Act(self.claim, self.run, held, call, inside=self.inside(held))
        try:
            result = act.go()
        except Parked:
            self.publish("approval")
            if self.run.parent_id is not None:
                announce_approval(root_of(self.run).pk)
            return False
        except InDoubt:
            reason = _("It is not known whether “%(tool)s” took effect before the worker was lost.")
            error = reason % {"tool": call.name}
            self.end(Job.State.FAILED, Run.State.NEEDS_REVIEW, loop.answer_text(self.facts), error=error)
            return False
        used = call if act.arguments is None else replace(call, arguments=orjson.dumps(act.arguments).decode())
        self.store_result(used, result, started_at, holds=act.holds, title=str(held.tool.title))
        return True

    def inside(self, held: HeldTool) -> dict[str, Inside]:
        """Return the run's other tools as functions of a program that the model wrote; what others wrote calls nothing."""
        if held.tool is not RUN_PYTHON:
            return {}
        return {name: partial(self.call_inside, each) for name, each in self.tools.items() if each is not held}

    def call_inside(self, held: HeldTool, call_id: str, positional: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Do a program's tool call as a step of its own, or return what it came to before. Raises what Act.go() raises."""
        done = self.run.events.filter(kind=RunEvent.Kind.TOOL, payload__call_id=call_id).first()
        if done is not None:
            return orjson.loads(done.payload["result"])
        name, started_at = held.tool.spec.name, timezone.now()
        schema = held.tool.spec.parameters
        order = dict.fromkeys([*schema.get("required", ()), *schema.get("properties", ())])
        given = dict(zip(order, positional, strict=False)) | named
        try:
            call = ToolCall(call_id, name, orjson.dumps(given).decode())
        except (TypeError, orjson.JSONEncodeError):
            return {"error": "The arguments are no JSON: numbers, texts, lists and dicts alone."}
        self.publish("working", name=name)
        act = Act(self.claim, self.run, held, call)
        result = act.go()
        used = call if act.arguments is None else replace(call, arguments=orjson.dumps(act.arguments).decode())
        title = str(held.tool.title)
        return orjson.loads(self.store_result(used, result, started_at, holds=act.holds, title=title, is_inside=True))

    def store_result(
        self,
        call: ToolCall,
        result: ToolResult,
        started_at: datetime,
        *,
        holds: Collection[str] = (),
        title: str = "",
        is_inside: bool = False,
    ) -> str:
        """Store what a call came to; one from inside a program is told to the program, not to the model. Return it as JSON."""
        content = orjson.dumps(result.content, default=str).decode()
        payload = {
            "call_id": call.id,
            "arguments": call.arguments,
            "result": content,
            "sources": [vars(source) for source in result.sources],
            "title": title,
            "is_inside": is_inside,
        }
        with engine.checkpoint(self.claim):
            event = add_event(self.run, RunEvent.Kind.TOOL, call.name, payload, started_at)
            self.run.holds = sorted({*self.run.holds, *holds})
            Run.objects.filter(pk=self.run.pk).update(holds=self.run.holds)
        if not is_inside:
            self.facts.append(ToolReturned(call.id, content))
        self.publish_step(event)
        return content

    def end(self, job_state: Job.State, state: Run.State, text: str, *, error: str = "", code: str = "") -> None:
        with engine.settlement(self.claim, job_state, error=error):
            settle(self.run, state, text, error=error, code=code)

    def postpone(self, error: TransientError) -> None:
        """Try the step again later, as the provider asked or with growing, jittered waits."""
        delay_s = error.wait_s(self.claim.attempts)
        reason = _(error.sentence)
        Run.objects.filter(pk=self.run.pk, state=Run.State.RUNNING).update(error=reason[:500])
        self.publish("waiting", reason=reason, delay_s=round(delay_s, 1))
        raise RetryLater(reason, delay_s=delay_s) from error

    def publish(self, kind: str, **data: Any) -> None:
        run_on_wire(publisher.publish(self.key, StreamEvent(kind, data)), timeout_s=PUBLISH_LIMIT_S)

    def publish_step(self, event: RunEvent) -> None:
        self.publish("step", number=event.number, sources=len(sources_of(self.run)))


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
