"""The worker side of one tool call: may it, must somebody be asked, is it known, do it, or wait.

What leaves is announced first (an intent with the call's key), so that it happens once; what waits holds no worker.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NoReturn

import structlog
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from apps.accounts.models import User
from apps.agents import actions, consent, planning, registry
from apps.agents.models import Approval, Run, RunEvent
from apps.agents.records import add_event, ask_colleague, root_of, sources_of, told
from apps.agents.registry import HeldTool
from apps.agents.sandbox import interpreter
from apps.agents.sandbox.base import Program, ProgramFailed
from apps.agents.tools.base import Delegation, Panel, Plan, ToolContext, ToolFailed, ToolResult, Wish
from apps.agents.types import Source
from apps.audit.services.trail import record
from apps.core.errors import DomainError
from apps.core.limits import Limit, count
from apps.core.tenancy import current_tenant
from apps.integrations.models import Webhook
from apps.integrations.publishing import publish
from apps.jobs import engine
from apps.jobs.errors import JobCancelled, LostLease
from apps.jobs.types import Claim
from apps.mails.services import send
from apps.providers.errors import ProviderError
from apps.providers.types import ToolCall

log = structlog.get_logger(__name__)
PASSED_ON = (ToolFailed, DomainError, ProviderError, JobCancelled, LostLease, OperationalError, InterfaceError)
CHILD_LOOK = timedelta(seconds=60)
LIMITS = interpreter.USUAL
Inside = Callable[[str, tuple[Any, ...], dict[str, Any]], Any]
"""A tool as a program calls it: with the id of the call, positional and named arguments."""
State = Approval.State


class Parked(Exception):
    """The run waits, held by nobody, for people or for another run."""


class InDoubt(Exception):
    """An earlier worker may have had the effect, and it must not happen twice."""


class Act:
    """One call of a run's tool."""

    def __init__(
        self,
        claim: Claim,
        run: Run,
        held: HeldTool,
        call: ToolCall,
        *,
        inside: Mapping[str, Inside] | None = None,
        is_patient: bool = False,
    ) -> None:
        """`inside` are the functions that a program may call, where the tool runs one; who is patient waits where another one is told that it was too often."""
        self.claim, self.run, self.held, self.call = claim, run, held, call
        self.inside, self.is_patient = dict(inside or {}), is_patient
        self.tool, self.grant = held.tool, held.grant
        self.key = f"{current_tenant().id}:{run.pk}:{call.id}"
        self.started_at = timezone.now()
        self.holds: set[str] = set()
        self.approval: Approval | None = None
        self.arguments: dict[str, Any] | None = None

    def go(self) -> ToolResult:
        """Do it and return what the model is told, an error among that. Raises Parked, InDoubt and what ends a worker's turn."""
        try:
            child = self.run.children.filter(parent_call=self.call.id).first()
            if child is not None:
                return self.answer_of(child)
            asked = registry.checked_arguments(self.tool, self.call.arguments)
            self.check_right()
            self.arguments = self.agreed(asked)
            self.check_rate()
            self.announce(self.arguments)
            result = self.use(self.arguments)
            if not isinstance(result, ToolResult):
                return self.carry_out(result)
        except (ToolFailed, ProgramFailed) as error:
            return ToolResult({"error": str(error)})
        self.holds |= result.brings
        if self.arguments != asked:  # the model has to know what was really done
            return replace(result, content={**result.content, "arguments_as_a_person_changed_them": self.arguments})
        return result

    def carry_out(self, wish: Wish) -> ToolResult:
        """Do what a tool wants done for it. Raises Parked, ProgramFailed, and what calls inside a program raise."""
        if isinstance(wish, Program):
            return self.run_program(wish)
        if isinstance(wish, Panel):
            return self.ask_panel(wish)
        return self.delegate(wish) if isinstance(wish, Delegation) else self.follow(wish)

    def run_program(self, program: Program) -> ToolResult:
        """Run a program in the sandbox: its calls are tool calls of this run. Raises ProgramFailed, and what those raise."""
        number = 0

        def call(name: str, positional: tuple[Any, ...], named: dict[str, Any]) -> Any:
            nonlocal number
            number += 1
            if number > LIMITS.calls:
                raise ProgramFailed(f"The code calls more than {LIMITS.calls} functions.")
            self.claim.ensure_held()
            return self.inside[name](f"{self.call.id[:80]}/{number}", positional, named)

        world = replace(
            program, functions=frozenset(self.inside), now=self.run.created_at, seed=self.run.pk.int & 0xFFFFFFFF
        )
        outcome = interpreter.run(world, call, LIMITS)
        return ToolResult(
            {"value": outcome.value, "printed": outcome.printed} if outcome.printed else {"value": outcome.value}
        )

    def use(self, arguments: dict[str, Any]) -> ToolResult | Wish:
        """Call the tool. One that breaks down is told to the model, unless it may have had its effect. Raises InDoubt, ToolFailed."""
        self.holds |= self.tool.brings  # whatever comes back, an error's words among it
        try:
            return self.tool.call(self.context(), arguments)
        except PASSED_ON:
            raise
        except Exception as error:
            log.exception("tool_broke_down", tool=self.held.key)
            if self.tool.risk != "read" and not self.tool.is_repeatable:
                raise InDoubt from error
            raise ToolFailed("The tool broke down. It was noted for those who look after it.") from error

    def context(self) -> ToolContext:
        run, hosts = self.run, tuple(self.grant.hosts) if self.grant else ()
        return ToolContext(run.started_by, run.acts_as, tuple(sources_of(run)), self.key, run.project, hosts)

    def check_right(self) -> None:
        """The person's rights bound the agent's, which may have lost the tool since the run was taken up. Raises ToolFailed."""
        if self.grant is not None and not registry.holds_still(self.grant):
            raise ToolFailed("This tool was taken away meanwhile.")
        user, wanted = self.run.started_by, self.tool.permission
        if user is None or not user.is_active or not self.tool.is_for(user) or (wanted and not user.has_perm(wanted)):
            raise ToolFailed("The person who asked you has no right to use this tool.")
        most = self.tool.calls_a_run
        if most is not None and self.run.events.filter(kind=RunEvent.Kind.TOOL, name=self.call.name).count() >= most:
            raise ToolFailed(
                f"This tool was called {most} times in this run, which is all it may. Answer with what there is."
            )

    def check_rate(self) -> None:
        """Count the call. Raises ToolFailed beyond what a minute allows; Parked, until the minute is over, for who is patient."""
        limit = Limit(f"tool-{self.held.key}", self.tool.calls_a_minute, 60)
        usage = count(limit, str(self.run.started_by_id))
        if usage.remaining >= 0:
            return
        if not self.is_patient:
            raise ToolFailed("This tool was called too often within a minute.")
        with engine.parking(self.claim, until=timezone.now() + timedelta(seconds=usage.reset_s)):
            pass
        raise Parked

    # -- consent -------------------------------------------------------------------------------------------------

    def agreed(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments that may be used: as the model wrote them, or as people approved them. Raises Parked, ToolFailed."""
        found = Approval.objects.filter(run=self.run, call_id=self.call.id).first()
        if found is None:
            why = consent.reason_to_ask(self.held, arguments, run=self.run)
            if why is None:
                return arguments
            self.ask(why, arguments)
        self.approval = found
        return self.decided(found)

    def decided(self, approval: Approval) -> dict[str, Any]:
        if approval.is_waiting:
            self.wait(approval.expires_at)
        if approval.state == State.PENDING:
            with engine.checkpoint(self.claim):
                Approval.objects.filter(pk=approval.pk, state=State.PENDING).update(state=State.EXPIRED)
                record(actions.APPROVAL_EXPIRED, actor=None, target=approval)
            raise ToolFailed("Nobody decided about this in time, so it was not done.")
        if approval.state == State.EXPIRED:
            raise ToolFailed("Nobody decided about this in time, so it was not done.")
        if approval.state != State.APPROVED:
            reason = f" Their reason: {approval.reason}" if approval.reason else ""
            raise ToolFailed(f"A person declined this, so it was not done.{reason}")
        if consent.digest_of(self.held.key, approval.arguments) != approval.digest:
            raise ToolFailed("What was approved is not what would be done, so it was not done.")
        registry.check_arguments(self.tool, approval.arguments)
        return approval.arguments

    def ask(self, why: Approval.Why, arguments: dict[str, Any]) -> NoReturn:
        """Store the question, tell whoever decides, and wait. Raises Parked."""
        expires_at = timezone.now() + consent.OPEN_FOR
        deciders = self.grant.approvers if self.grant else None
        with engine.parking(self.claim, until=expires_at):
            approval = Approval.objects.create(
                run=self.run,
                root=root_of(self.run),
                call_id=self.call.id,
                tool=self.held.key,
                title=str(self.tool.title or self.call.name)[:200],
                risk=self.tool.risk,
                why=why,
                proposed=arguments,
                arguments=arguments,
                digest=consent.digest_of(self.held.key, arguments),
                approvers=deciders,
                approvers_name=deciders.name if deciders else "",
                needed=consent.people_needed(self.grant, arguments) if self.grant else 1,
                expires_at=expires_at,
            )
            Run.objects.filter(pk=self.run.pk).update(state=Run.State.WAITING)
            record(actions.APPROVAL_ASKED, actor=self.run.started_by, target=approval, after={"tool": self.held.key})
            tell_deciders(approval)
        raise Parked

    def wait(self, until: datetime) -> NoReturn:
        """Put the run aside until then, or until somebody wakes it. Raises Parked."""
        with engine.parking(self.claim, until=until):
            Run.objects.filter(pk=self.run.pk).update(state=Run.State.WAITING)
        raise Parked

    # -- effects -------------------------------------------------------------------------------------------------

    def announce(self, arguments: Mapping[str, Any]) -> None:
        """Commit the intent of an effect and use the approval up. Raises InDoubt when it must not be repeated."""
        is_effect = self.tool.risk != "read"
        is_known = is_effect and self.run.events.filter(kind=RunEvent.Kind.INTENT, idempotency_key=self.key).exists()
        if is_known and not self.tool.is_repeatable:
            raise InDoubt
        if is_known or not (is_effect or self.approval):
            return
        with engine.checkpoint(self.claim, is_progress=False):
            if self.approval is not None:
                self.use_up(self.approval)
            if is_effect:
                payload = {"arguments": dict(arguments)}
                add_event(
                    self.run, RunEvent.Kind.INTENT, self.call.name, payload, self.started_at, idempotency_key=self.key
                )

    def use_up(self, approval: Approval) -> None:
        """An approval is used once; one of a tool that only reads may be used again by the same call after a lost worker."""
        fresh = Approval.objects.filter(pk=approval.pk, state=State.APPROVED, digest=approval.digest)
        if self.tool.risk != "read":
            fresh = fresh.filter(used_at=None)
        if not fresh.update(used_at=timezone.now()):
            raise ToolFailed("This approval has been used.")

    # -- other agents --------------------------------------------------------------------------------------------

    def delegate(self, wish: Delegation) -> ToolResult:
        """Have another run do it, and wait for its end. Raises Parked."""
        return self.begin(lambda: ask_colleague(self.run, wish, call_id=self.call.id))

    def follow(self, plan: Plan) -> ToolResult:
        """Have the tasks of a plan done, one after the other, and return what came of them. Raises Parked while one works."""
        tasks = planning.tasks_of(self.run, self.call.id, plan.tasks)
        told, sources = [], list[Source]()
        for task in tasks:
            if task.run is None:
                return self.begin(lambda: planning.begin_task(self.run, self.call.id, plan, tasks))
            result = self.answer_of(task.run, known=sources)
            told.append(
                {"task": task.text} | {key: result.content[key] for key in ("answer", "error") if key in result.content}
            )
            sources += result.sources
            if "error" in result.content:
                break
        left = [task.text for task in tasks[len(told) :]]
        return ToolResult({"tasks": told, "left": left} if left else {"tasks": told}, tuple(sources))

    def begin(self, open_runs: Callable[[], object]) -> ToolResult:
        """Begin runs that work for this one, and wait. Raises Parked; an admission that fails is told to the model."""
        try:
            with engine.parking(self.claim, until=timezone.now() + CHILD_LOOK):
                open_runs()
                Run.objects.filter(pk=self.run.pk).update(state=Run.State.WAITING)
        except DomainError as error:
            return ToolResult({"error": str(error.message)})
        raise Parked

    def ask_panel(self, panel: Panel) -> ToolResult:
        """Have several runs work at once, and return what came of each when all have ended. Raises Parked while one works."""
        runs = planning.runs_of(self.run, self.call.id)
        if not runs:
            return self.begin(lambda: planning.begin_panel(self.run, self.call.id, panel))
        if not all(run.is_final for run in runs.values()):
            self.wait(timezone.now() + CHILD_LOOK)
        answers, sources = [], list[Source]()
        for run in runs.values():
            result = self.answer_of(run, known=sources)
            answers.append({key: value for key, value in result.content.items() if key != "run"})
            sources += result.sources
        return ToolResult({"answers": answers}, tuple(sources))

    def answer_of(self, child: Run, *, known: Sequence[Source] = ()) -> ToolResult:
        """Return what another run came to, its passages under this run's numbers. Raises Parked while it is not final.

        `known` are passages that this call has brought already.
        """
        if not child.is_final:
            self.wait(timezone.now() + CHILD_LOOK)
        self.holds |= set(child.holds)
        text, sources = renumbered(child.answer, sources_of(child), [*sources_of(self.run), *known])
        content = {"agent": child.agent.name, "answer": text, "run": str(child.pk)}
        if child.state != Run.State.SUCCEEDED:
            content["error"] = child.error or "It did not come to an answer."
        return ToolResult(content, sources)


def renumbered(text: str, brought: list[Source], known: list[Source]) -> tuple[str, tuple[Source, ...]]:
    """Give passages that another run saw their numbers in this one, in the text that cites them, too."""
    numbers = {source.chunk_id: source.number for source in known}
    renamed = {source.number: numbers.setdefault(source.chunk_id, len(numbers) + 1) for source in brought}
    sources = tuple(Source(**{**vars(source), "number": renamed[source.number]}) for source in brought)
    return re.sub(r"\[(\d+)\]", lambda m: f"[{renamed.get(int(m[1]), m[1])}]", text), sources


def tell_deciders(approval: Approval) -> None:
    """Write to whoever may decide: the named role or group without who asked, or who asked."""
    people, asker = User.objects.filter(is_active=True, is_service=False), approval.run.started_by_id
    if approval.approvers_name:
        people = people.filter(groups=approval.approvers_id).exclude(pk=asker)
    else:
        people = people.filter(pk=asker)
    url = current_tenant().address(f"/approvals/{approval.pk}/")
    for person in people:
        send("agents/email/approval", to=person.email, language=person.language, approval=approval, url=url)
    root, asked = root_of(approval.run), {"approval": str(approval.pk), "tool": approval.tool, "url": url}
    publish(Webhook.Event.RUN_WAITING, f"run:{root.pk}", lambda: told(root) | asked)
