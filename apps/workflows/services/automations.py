"""What can be done with automations: make, change, pause, resume, start and remove them; have a result sent again."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.agents import composing
from apps.agents.models import Agent
from apps.agents.services.runs import checked_question, refuse_details, require_place
from apps.audit.services.trail import record
from apps.core.errors import Conflict, Forbidden, InvalidInput
from apps.core.http import check_destination
from apps.core.language import one_line
from apps.core.limits import Limit, spend
from apps.core.permissions import require
from apps.core.webhooks import new_secret
from apps.knowledge.models import KnowledgeBase
from apps.prompts.templating import checked_values, render
from apps.workflows import actions, crew, delivering, executing, scheduling
from apps.workflows.models import Automation, Delivery, Occurrence, Workflow
from apps.workflows.timing import checked_cron
from apps.workflows.types import EVENT_PLACES, OF_CONNECTIONS, QUESTION, SEND_OUT

ADD = "workflows.add_automation"
MOST, MOST_RECIPIENTS = 50, 20
MOST_URL_CHARS = 300
BY_HAND = Limit("start-automation", amount=60, per_s=3600)
PLAIN = ("kind", "time_zone", "catch_up", "event", "to_conversation")


def save_automation(*, actor: Any, values: Mapping[str, Any], automation: Automation | None = None) -> tuple[Any, str]:
    """Make an automation of the actor's own, or change it; return it, and the secret of a new web address, shown this once.

    `values`: name, agent or workflow, project (of an agent), values (of the form, or {"question": …}), kind, cron, time_zone, catch_up, event, collection,
    to_conversation, recipients, webhook_url; what is left out stays. Raises Forbidden, InvalidInput with the field, Conflict.
    """
    require(actor, ADD)
    if automation is not None and automation.owner_id != actor.pk:
        raise Forbidden(_("It asks in the name of its owner, who alone changes it."))
    row = automation or Automation(owner=actor, time_zone=actor.time_zone)
    url = str(values.get("webhook_url", row.webhook_url)).strip()
    if url != row.webhook_url:
        _check_address(actor, url)  # looks the name up, which takes its time: before the transaction
    with transaction.atomic():
        return _save(actor, row, values, url, is_new=automation is None)


def _save(actor: Any, row: Automation, values: Mapping[str, Any], url: str, *, is_new: bool) -> tuple[Any, str]:
    if is_new and Automation.objects.filter(owner=actor).count() >= MOST:
        raise InvalidInput(_("There are %(n)d already. Remove one first.") % {"n": MOST}, field="name")
    before = None if is_new else told(row)
    _take_over(actor, row, values)
    secret = ""
    if url != row.webhook_url:
        row.webhook_url, secret = url, new_secret() if url else ""
        row.sealed_secret = ""
        if url:
            row.set_secret(secret)
    row.save()
    if "recipients" in values:
        row.recipients.set(_checked_recipients(values["recipients"]))
    scheduling.plan(row)
    action = actions.AUTOMATION_ADDED if is_new else actions.AUTOMATION_CHANGED
    record(action, actor=actor, target=row, before=before, after=told(row))
    return row, secret


def _take_over(actor: Any, row: Automation, values: Mapping[str, Any]) -> None:
    """Put the values into the row. Raises InvalidInput, Forbidden, Conflict."""
    row.name = one_line(values.get("name", row.name), 80)
    if not row.name:
        raise InvalidInput(_("Write a name."), field="name")
    for field in PLAIN:
        setattr(row, field, values.get(field, getattr(row, field)))
    _set_started(actor, row, values)
    _set_start(actor, row, values)
    row.values = _checked_values(actor, row, values.get("values", row.values))


def _set_started(actor: Any, row: Automation, values: Mapping[str, Any]) -> None:
    """Set the agent that is asked, in a project or in none, or the workflow that is started."""
    if values.get("workflow"):
        row.workflow, row.agent, row.project = _checked_workflow(actor, values["workflow"]), None, None
        row.to_conversation = False
        return
    if row.workflow is not None and not values.get("agent"):
        row.workflow = _checked_workflow(actor, row.workflow)
        return
    row.workflow, row.agent = None, _checked_agent(actor, values.get("agent", row.agent))
    row.project = values.get("project", row.project)
    if row.project is not None:
        require_place(actor, row.project, row.agent)


def _checked_workflow(actor: Any, workflow: Workflow) -> Workflow:
    """Return a workflow that the actor could start now. Raises InvalidInput."""
    found = Workflow.objects.usable_by(actor).filter(pk=workflow.pk).first()
    if found is None:
        raise InvalidInput(_("You may not start this workflow (any more)."), field="workflow")
    problems = crew.problems_for(found.written, actor)
    if problems:
        raise InvalidInput(problems[0].words, field="workflow", code="workflow_has_problems")
    return found


def _checked_agent(actor: Any, agent: Agent | None) -> Agent:
    if agent is None:
        raise InvalidInput(_("Choose an agent."), field="agent")
    found = Agent.objects.usable_by(actor).select_related("form").filter(pk=agent.pk).first()
    if found is None:
        raise InvalidInput(_("You may not ask this agent (any more)."), field="agent")
    return found


def _set_start(actor: Any, row: Automation, values: Mapping[str, Any]) -> None:
    if row.kind == Automation.Kind.SCHEDULE:
        row.cron, row.event = checked_cron(str(values.get("cron", row.cron))), ""
        row.collection = row.connection = None
        return
    if row.event not in EVENT_PLACES:
        raise InvalidInput(_("Choose what has to happen."), field="event")
    row.cron = ""
    is_of_documents = row.event == Automation.Event.DOCUMENT_READY
    row.collection = values.get("collection", row.collection) if is_of_documents else None
    row.connection = values.get("connection", row.connection) if row.event in OF_CONNECTIONS else None
    base, connection = row.collection, row.connection
    if base is not None and not KnowledgeBase.objects.visible_to(actor).filter(pk=base.pk).exists():
        raise InvalidInput(_("You do not see this collection (any more)."), field="collection")
    if connection is not None and not connection.is_for(actor):
        raise InvalidInput(_("Agents do not call this service for you (any more)."), field="connection")


def _checked_values(actor: Any, row: Automation, given: Mapping[str, Any]) -> dict[str, str]:
    """Return what is asked as it is stored, with the places that are filled in when it starts. Raises InvalidInput at `values.<name>`."""
    values = {str(name): str(value) for name, value in given.items()}
    probe = {place: place for place in EVENT_PLACES.get(row.event, ())}
    form = composing.form_of(row.agent) if row.agent is not None else None
    asked = row.workflow.written.variables if row.workflow is not None else form.variables if form is not None else None
    if asked is not None:
        names = {variable.name for variable in asked}
        values = {name: value.replace("\0", "").strip() for name, value in values.items() if name in names}
        probed = {name: render(value, probe) for name, value in values.items()}
        if form is not None:
            composing.fill_in(form, probed, actor)
        else:
            executing.require_files(actor, asked, checked_values(asked, probed))
        return values
    return _checked_question(row, values)


def _checked_question(row: Automation, values: Mapping[str, str]) -> dict[str, str]:
    try:
        question = checked_question(values.get(QUESTION, ""))
        refuse_details(row.agent, question, "text")  # type: ignore[arg-type]
    except InvalidInput as error:
        raise InvalidInput(error.message, field=f"values.{QUESTION}", code=error.code) from error
    return {QUESTION: question}


def _check_address(actor: Any, url: str) -> None:
    if not url:
        return
    require(actor, SEND_OUT)
    if len(url) > MOST_URL_CHARS:
        raise InvalidInput(_("This address is too long."), field="webhook_url")
    try:
        check_destination(url, allowed=settings.PROVIDER_PRIVATE_HOSTS)
    except InvalidInput as error:
        raise InvalidInput(error.message, field="webhook_url") from error


def _checked_recipients(people: Any) -> list[User]:
    chosen = list(people)
    if len(chosen) > MOST_RECIPIENTS:
        raise InvalidInput(_("At most %(n)d people.") % {"n": MOST_RECIPIENTS}, field="recipients")
    if not all(person.is_active for person in chosen):
        raise InvalidInput(_("Somebody there is no member any more."), field="recipients")
    return chosen


@transaction.atomic
def switch(*, actor: Any, automation: Automation, is_active: bool) -> None:
    """Pause an automation, or have it go on from now; twice changes nothing. Raises Forbidden."""
    require_stopping(actor, automation)
    if is_active and automation.owner_id != actor.pk:
        raise Forbidden(_("Its owner alone switches it on: it asks in their name."))
    if automation.is_active == is_active:
        return
    automation.is_active, automation.paused_because = is_active, ""
    automation.save(update_fields=["is_active", "paused_because", "updated_at"])
    scheduling.plan(automation)
    record(actions.AUTOMATION_RESUMED if is_active else actions.AUTOMATION_PAUSED, actor=actor, target=automation)


@transaction.atomic
def remove_automation(*, actor: Any, automation: Automation) -> None:
    """Remove an automation with the list of what it did; its runs stay. Raises Forbidden."""
    require_stopping(actor, automation)
    record(actions.AUTOMATION_REMOVED, actor=actor, target=automation, before=told(automation))
    automation.delete()


@transaction.atomic
def start_now(*, actor: Any, automation: Automation, key: str = "") -> Occurrence:
    """Have an automation of the actor's start at once, beside its schedule; the same key gives the same occurrence.

    Raises Forbidden, Conflict for one that is paused or waits for what an event would bring, TooManyRequests.
    """
    if automation.owner_id != actor.pk:
        raise Forbidden(_("Its owner alone starts it: it asks in their name."))
    if not automation.is_active:
        raise Conflict(_("It is paused. Switch it on first."))
    if automation.kind == Automation.Kind.EVENT:
        raise Conflict(_("It needs what the event brings, and starts with it."))
    spend(BY_HAND, str(actor.pk))
    key = f"hand {key or timezone.now().isoformat()}"
    known = automation.occurrences.filter(key=key[:100]).first()
    if known is not None:
        return known
    record(actions.AUTOMATION_STARTED, actor=actor, target=automation)
    return scheduling.begin(automation, Occurrence.Cause.HAND, key)


@transaction.atomic
def send_again(*, actor: Any, delivery: Delivery) -> None:
    """Have a result that did not arrive sent again. Raises Forbidden, Conflict for one that did or is on its way."""
    automation = delivery.occurrence.automation
    if automation.owner_id != actor.pk:
        raise Forbidden(_("Its owner alone has results sent."))
    failed = Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.FAILED)
    if not failed.update(state=Delivery.State.QUEUED, error=""):
        raise Conflict(_("It has arrived, or is on its way."))
    delivering.send(delivery)
    record(actions.DELIVERY_REPEATED, actor=actor, target=automation, after={"to": delivery.target})


def require_stopping(actor: Any, automation: Automation) -> None:
    """Raise Forbidden unless the automation is the actor's, or they look after everybody's."""
    if not Automation.objects.stoppable_by(actor).filter(pk=automation.pk).exists():
        raise Forbidden(_("You may not do this. Your administrator can give you access."))


def told(row: Automation) -> dict[str, Any]:
    """Return what the audit says of an automation."""
    return {
        "name": row.name,
        "asks": row.starts.name,
        "values": row.values,
        "starts": row.cron or row.event,
        "time_zone": row.time_zone,
        "collection": row.collection.name if row.collection else "",
        "connection": row.connection.name if row.connection else "",
        "recipients": sorted(row.recipients.values_list("email", flat=True)) if row.pk else [],
        "webhook_url": row.webhook_url,
    }
