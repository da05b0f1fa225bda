"""One worker's turn at one run: its beginning, what is told to those who look on, and the ways in which it ends."""

from abc import ABC, abstractmethod
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.agents import actions, caps, composing, rules
from apps.agents.models import Run, RunEvent
from apps.agents.records import PUBLISH_LIMIT_S, add_event, option_places, settle, sources_of
from apps.agents.stream import publisher, run_key
from apps.agents.types import StreamEvent, Verdict
from apps.audit.services.trail import record
from apps.core.wire import run_on_wire
from apps.jobs import engine
from apps.jobs.errors import JobCancelled, RetryLater
from apps.jobs.models import Job
from apps.jobs.types import Claim
from apps.providers.errors import ProviderError, TransientError
from apps.usage.errors import BudgetSpent


class Turn(ABC):
    """What every kind of run has in common; a kind says which steps there are and what may be seen of them."""

    def __init__(self, claim: Claim, run: Run) -> None:
        self.claim, self.run = claim, run
        self.key = run_key(run.pk)
        self.rules = composing.rules_of(run.acts_as)
        self.is_held_back = rules.may_block([rule for rule in self.rules if rule.stage == "output"])
        self.places = option_places(run.agent.published_id, run.project_id)
        self.additions: tuple[str, ...] = ()
        """What business rules have the model told as well."""

    @abstractmethod
    def steps(self) -> None:
        """Do what is left to do, and end the run; or leave it to those for whom it waits."""

    @abstractmethod
    def written(self) -> str:
        """Return what the finished steps have written."""

    @abstractmethod
    def unfinished(self) -> str:
        """Return what the step that is being worked on has written."""

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
            text = "\n\n".join(filter(None, [self.written(), self.unfinished()]))
            self.end(Job.State.CANCELLED, Run.State.CANCELLED, text)
        except caps.CapReached as reached:
            self.fail(reached.sentence, code=reached.code)
        except TransientError as error:
            self.postpone(error)
        except ProviderError as error:
            self.fail(_(error.sentence))
        except BudgetSpent as error:
            self.fail(str(error.message), code=error.code)

    def may_begin(self) -> bool:
        """Have the rules look at the question, once a run; False when one stopped it."""
        looking = [rule for rule in self.rules if rule.stage == "input"]
        known = self.run.events.filter(kind=RunEvent.Kind.RULES, name="input").first()
        if known is not None:
            self.additions = tuple(known.payload["additions"])
        if known is not None or not looking:
            return True
        asked, said = self.run.question, "\n".join(entry["text"] for entry in self.run.history)
        if self.run.handed is not None:  # a history that a program brought was not looked at before
            asked, said = "\n".join([asked, *(e["text"] for e in self.run.history if e["role"] == "user")]), ""
        started_at = timezone.now()
        verdict = rules.check(asked, looking, beside=said)
        if verdict.is_blocked:
            self.block("input", verdict, started_at)
            return False
        with engine.checkpoint(self.claim):
            event = self.add_findings("input", verdict, started_at)
        self.additions = verdict.additions
        self.publish_step(event)
        return True

    def finish(self, text: str, result: Any = None, *, handed: dict[str, Any] | None = None) -> None:
        """Have the rules look at the answer, show what they made of it, and end the run with it, and its result as JSON.

        `handed` is what the asking program is to do (see Run).
        """
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
            if handed is not None:
                Run.objects.filter(pk=self.run.pk).update(handed=handed)
            settle(self.run, Run.State.SUCCEEDED, verdict.text, result=rules.applied(result, looking))

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

    def fail(self, reason: str, *, code: str = "") -> None:
        """End the run with what it has written so far."""
        self.end(Job.State.FAILED, Run.State.FAILED, self.written(), error=reason, code=code)

    def end(self, job_state: Job.State, state: Run.State, text: str, *, error: str = "", code: str = "") -> None:
        with engine.settlement(self.claim, job_state, error=error):
            settle(self.run, state, text, error=error, code=code)

    def leave_to_people(self, tool: str) -> None:
        """End a run whose worker was lost in the middle of an effect that must not happen twice."""
        reason = _("It is not known whether “%(tool)s” took effect before the worker was lost.") % {"tool": tool}
        self.end(Job.State.FAILED, Run.State.NEEDS_REVIEW, self.written(), error=reason)

    def postpone(self, error: TransientError) -> None:
        """Try the step again later, as the provider asked or with growing, jittered waits."""
        delay_s = error.wait_s(self.claim.attempts)
        reason = _(error.sentence)
        Run.objects.filter(pk=self.run.pk, state=Run.State.RUNNING).update(error=reason[:500])
        self.publish("waiting", reason=reason, delay_s=round(delay_s, 1))
        raise RetryLater(reason, delay_s=delay_s) from error

    def shown(self) -> str:
        """Return what may be seen so far of the finished steps."""
        return "" if self.is_held_back else self.written()

    def publish(self, kind: str, **data: Any) -> None:
        run_on_wire(publisher.publish(self.key, StreamEvent(kind, data)), timeout_s=PUBLISH_LIMIT_S)

    def publish_step(self, event: RunEvent) -> None:
        self.publish("step", number=event.number, sources=len(sources_of(self.run)))
