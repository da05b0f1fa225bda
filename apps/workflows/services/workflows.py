"""What can be done with workflows: make, change, copy and remove them."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.services.sharing import give_to_maker, may_manage
from apps.agents.services.rule_sets import free_name
from apps.audit.services.trail import record
from apps.core.errors import Conflict, Forbidden, InvalidInput
from apps.core.language import one_line
from apps.core.models import is_storable
from apps.core.permissions import require
from apps.workflows import actions
from apps.workflows.flows.steps import BadFlow, Flow, every_step, flow_of
from apps.workflows.models import Workflow
from apps.workflows.patterns import Pattern, flow_from

ADD = "workflows.add_workflow"
MOST = 500


@transaction.atomic
def save_workflow(*, actor: Any, values: Mapping[str, Any], workflow: Workflow | None = None) -> Workflow:
    """Make a workflow, or change one; what is left out stays.

    `values`: name, description, flow (a Flow, or its JSON), is_active. Steps may hold problems meanwhile (see `crew.problems_for`), but
    are steps. Raises Forbidden, InvalidInput with the field.
    """
    if workflow is None:
        require(actor, ADD)
        if Workflow.objects.count() >= MOST:
            raise InvalidInput(_("There are %(n)d already. Remove one first.") % {"n": MOST}, field="name")
        row = Workflow()
    else:
        require_editor(actor, workflow)
        row = Workflow.objects.select_for_update().get(pk=workflow.pk)
    before = None if workflow is None else told(row)
    row.name = one_line(str(values.get("name", row.name)), 80)
    row.description = one_line(str(values.get("description", row.description)), 200)
    row.is_active = values.get("is_active", row.is_active)
    row.flow = _checked_flow(values.get("flow", row.flow)).model_dump(mode="json")
    _check_name(row)
    row.save()
    if workflow is None:
        give_to_maker(shared=row, maker=actor)
    if told(row) != before:
        action = actions.WORKFLOW_ADDED if workflow is None else actions.WORKFLOW_CHANGED
        record(action, actor=actor, target=row, before=before, after=told(row))
    return row


@transaction.atomic
def begin_workflow(*, actor: Any, values: Mapping[str, Any], pattern: Pattern | None = None) -> Workflow:
    """Make a workflow without steps, or with those of a pattern, whose agents are made where they are missing.

    Raises Forbidden, InvalidInput with the field.
    """
    require(actor, ADD)
    flow = flow_from(actor=actor, pattern=pattern) if pattern is not None else Flow()
    return save_workflow(actor=actor, values={**values, "flow": flow})


@transaction.atomic
def copy_workflow(*, actor: Any, workflow: Workflow) -> Workflow:
    """Make a workflow like another one. Raises Forbidden."""
    values = {"name": free_name(Workflow, workflow.name), "description": workflow.description, "flow": workflow.flow}
    return save_workflow(actor=actor, values=values)


def _check_name(row: Workflow) -> None:
    if not row.name:
        raise InvalidInput(_("Write a name."), field="name")
    if Workflow.objects.filter(name=row.name).exclude(pk=row.pk).exists():
        raise InvalidInput(_("There is one of this name already."), field="name")


def _checked_flow(raw: Any) -> Flow:
    if not isinstance(raw, Flow) and not is_storable(raw):
        raise InvalidInput(_("This holds characters that cannot be kept."), field="flow", code="no_workflow")
    try:
        return raw if isinstance(raw, Flow) else flow_of(raw)
    except BadFlow as error:
        raise InvalidInput(str(error), field=error.field or "flow", code="no_workflow") from error


@transaction.atomic
def remove_workflow(*, actor: Any, workflow: Workflow) -> None:
    """Remove a workflow; what it came to stays. Raises Forbidden, Conflict for one that an automation starts."""
    if not may_manage(actor, workflow):
        raise Forbidden(_("Only those who manage this workflow remove it."))
    found = workflow.automations.select_related("owner").first()
    if found is not None:
        words = _("The automation “%(name)s” of %(person)s starts it. Remove that first, or switch the workflow off.")
        raise Conflict(words % {"name": found.name, "person": found.owner.name})
    record(actions.WORKFLOW_REMOVED, actor=actor, target=workflow, before=told(workflow))
    workflow.delete()


def require_editor(actor: Any, workflow: Workflow) -> None:
    """Raise Forbidden unless the actor may change the workflow."""
    if not Workflow.objects.editable_by(actor).filter(pk=workflow.pk).exists():
        raise Forbidden(_("You may start this workflow, but not change it."))


def told(row: Workflow) -> dict[str, Any]:
    """Return what the audit says of a workflow."""
    steps = [step.words for step, _depth in every_step(row.written.steps)]
    return {
        "name": row.name,
        "description": row.description,
        "is_active": row.is_active,
        "steps": steps,
        "flow": row.flow,
    }
