"""The worker side of automations: notice what is due, and start it for its owner, with the owner's rights of that moment."""

from typing import Any

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from apps.accounts.telling import tell
from apps.agents.models import Agent, Run
from apps.agents.services import form_runs
from apps.agents.services.runs import start_run
from apps.audit.services.trail import record
from apps.core.caller import Caller, calling
from apps.core.errors import DomainError, Forbidden, TooManyRequests, Unavailable
from apps.jobs import engine
from apps.jobs.errors import RetryLater
from apps.jobs.models import Job
from apps.jobs.types import Claim
from apps.prompts.templating import given_values, render
from apps.usage.errors import BudgetSpent
from apps.workflows import actions, scheduling
from apps.workflows.executing import open_execution
from apps.workflows.models import Automation, Occurrence
from apps.workflows.types import QUESTION


class Ticks:
    """Handler of jobs of the kind TICK; the object is an Automation whose time has come."""

    def work(self, claim: Claim) -> None:
        with engine.settlement(claim, Job.State.SUCCEEDED):
            found = Automation.objects.select_for_update().filter(pk=claim.object_id, is_active=True)
            automation = found.first()
            if automation is not None:
                scheduling.note_due(automation, now=engine.database_time())

    def cancel(self, claim: Claim) -> None:
        """Nobody cancels these; a paused automation makes nothing of them."""

    def bury(self, claim: Claim, reason: str) -> None:
        automation = Automation.objects.filter(pk=claim.object_id, is_active=True).first()
        if automation is not None:
            pause(automation, _("When it is due next could not be worked out: %(reason)s") % {"reason": reason})


class Starts:
    """Handler of jobs of the kind START; the object is an Occurrence."""

    def work(self, claim: Claim) -> None:
        try:
            with engine.settlement(claim, Job.State.SUCCEEDED):
                due = Occurrence.objects.select_related(
                    "automation__agent", "automation__workflow", "automation__owner", "automation__project"
                )
                occurrence = due.select_for_update(of=("self",)).filter(pk=claim.object_id).first()
                if occurrence is not None and occurrence.state == Occurrence.State.DUE:
                    start(occurrence)
        except (TooManyRequests, Unavailable) as later:
            raise RetryLater(str(later.message), delay_s=later.retry_after_s) from later

    def cancel(self, claim: Claim) -> None:
        self.bury(claim, _("It was stopped before it started."))

    def bury(self, claim: Claim, reason: str) -> None:
        occurrence = Occurrence.objects.select_related("automation__owner").filter(pk=claim.object_id).first()
        if occurrence is not None:
            fail(occurrence, reason)


def start(occurrence: Occurrence) -> None:
    """Ask the agent; what will not pass by itself is written down. Raises TooManyRequests, Unavailable for what may."""
    automation = occurrence.automation
    through = Caller(through=f"automation:{automation.name}")
    with translation.override(automation.owner.language or None), calling(through):
        try:
            with transaction.atomic():
                begun = _begun(automation, occurrence)
        except Forbidden as refused:
            pause(automation, str(refused.message))
            fail(occurrence, str(refused.message))
        except DomainError as error:
            if isinstance(error, TooManyRequests | Unavailable) and not isinstance(error, BudgetSpent):
                raise
            fail(occurrence, str(error.message))
        else:
            state = Occurrence.State.STARTED
            Occurrence.objects.filter(pk=occurrence.pk).update(state=state, error="", **begun)


def _begun(automation: Automation, occurrence: Occurrence) -> dict[str, Any]:
    """Start what an automation starts; return it as the field of the occurrence."""
    owner = automation.owner
    places = given_values(owner) | {name: str(value) for name, value in occurrence.brought.items()}
    values = {name: render(str(text), places) for name, text in automation.values.items()}
    holds = ["untrusted"] if occurrence.brought else []
    if automation.workflow is not None:
        key = str(occurrence.pk)
        workflow = automation.workflow
        return {
            "execution": open_execution(actor=owner, workflow=workflow, given=values, holds=holds, idempotency_key=key)
        }
    return {"run": _asked(automation, values, holds)}


def _asked(automation: Automation, values: dict[str, str], holds: list[str]) -> Run:
    owner, agent = automation.owner, Agent.objects.select_related("form", "model__provider").get(pk=automation.agent_id)
    if agent.has_form:
        return form_runs.start_form_run(actor=owner, agent=agent, given=values, project=automation.project, holds=holds)
    question = values.get(QUESTION, "")
    return start_run(actor=owner, agent=agent, question=question, project=automation.project, holds=holds)


def fail(occurrence: Occurrence, reason: str) -> None:
    """Write down why an occurrence did not start, and tell the owner."""
    state = Occurrence.State.FAILED
    changed = Occurrence.objects.filter(pk=occurrence.pk, state=Occurrence.State.DUE)
    if changed.update(state=state, error=reason[:300]):
        automation = occurrence.automation
        page = f"/automations/{automation.pk}/"
        tell(automation.owner, "workflows/email/not_started", page, automation=automation, reason=reason)


def pause(automation: Automation, reason: str) -> None:
    """Switch an automation off that cannot go on; its page says why."""
    changed = Automation.objects.filter(pk=automation.pk, is_active=True)
    if changed.update(is_active=False, next_at=None, paused_because=reason[:300]):
        record(actions.AUTOMATION_PAUSED, actor=None, target=automation, after={"reason": reason[:300]})
