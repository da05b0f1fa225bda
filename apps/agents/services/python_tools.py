"""Tools that people write in Python: looked at before they are kept, tried in the sandbox, given to agents as any other."""

from collections.abc import Mapping
from typing import Any

import orjson
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.agents import actions
from apps.agents.models import PythonTool, ToolGrant
from apps.agents.models.python_tools import is_function_name
from apps.agents.registry import check_arguments
from apps.agents.sandbox import interpreter
from apps.agents.sandbox.base import Outcome, ProgramFailed
from apps.agents.sandbox.checking import signature_of
from apps.agents.services.personalities import save_named
from apps.agents.tools.base import ToolFailed
from apps.agents.tools.code import PREFIX, program_of, tool_of
from apps.audit.services.trail import record
from apps.core.errors import Conflict, InvalidInput
from apps.core.language import one_line
from apps.core.limits import Limit, spend
from apps.core.permissions import require

VIEW, CHANGE = "agents.view_pythontool", "agents.change_pythontool"
TRIED = Limit("try-python", amount=120, per_s=3600)


@transaction.atomic
def save_tool(*, actor: Any, values: Mapping[str, Any], tool: PythonTool | None = None) -> PythonTool:
    """Write a tool, or change one: agents that have it call the new code from their next step on.

    `values` are name, title, code. Raises Forbidden, InvalidInput with the field (`code` names the line), Conflict for a taken name.
    """
    require(actor, CHANGE)
    row = tool or PythonTool(written_by=actor)
    before, former = (_told(row), row.name) if tool else (None, "")
    for field in ("name", "title", "code"):
        if field in values:
            setattr(row, field, values[field])
    _check(row)
    save_named(row)
    if former and former != row.name:
        ToolGrant.objects.filter(tool=f"{PREFIX}{former}").update(tool=f"{PREFIX}{row.name}")
    action = actions.PYTHON_TOOL_CHANGED if tool else actions.PYTHON_TOOL_ADDED
    record(action, actor=actor, target=row, before=before, after=_told(row))
    return row


@transaction.atomic
def remove_tool(*, actor: Any, tool: PythonTool) -> None:
    """Remove a tool. Raises Forbidden, Conflict while agents have it."""
    require(actor, CHANGE)
    names = sorted(agents_with(tool))
    if names:
        raise Conflict(_("It is used by: %(names)s.") % {"names": ", ".join(names)})
    record(actions.PYTHON_TOOL_REMOVED, actor=actor, target=tool, before=_told(tool))
    tool.delete()


def agents_with(tool: PythonTool) -> list[str]:
    """Return the names of the agents that have a tool, drafts among them."""
    return list(ToolGrant.objects.filter(tool=f"{PREFIX}{tool.name}").values_list("agent__name", flat=True).distinct())


def try_tool(*, actor: Any, code: str, arguments: str) -> Outcome:
    """Run code as a tool would be, with arguments as JSON; nothing is kept.

    Raises Forbidden, InvalidInput at `code` or `arguments`, TooManyRequests.
    """
    require(actor, CHANGE)
    spend(TRIED, str(actor.pk))
    row = PythonTool(name="tried", code=code)
    _read_off(row)
    try:
        given = orjson.loads(arguments or "{}")
        check_arguments(tool_of(row), given)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(_('This is not valid JSON, like {"amount": 100}.'), field="arguments") from error
    except ToolFailed as error:
        raise InvalidInput(str(error), field="arguments") from error
    try:
        return interpreter.run(program_of(row, given))
    except ProgramFailed as error:
        raise InvalidInput(str(error), field="code") from error


def _check(row: PythonTool) -> None:
    row.name, row.title = row.name.strip(), one_line(row.title, 80)
    try:
        is_function_name(row.name)
    except ValidationError as error:
        raise InvalidInput(error.messages[0], field="name") from error
    _read_off(row)


def _read_off(row: PythonTool) -> None:
    row.code = row.code.replace("\r\n", "\n").replace("\0", "").strip() + "\n"
    try:
        found = signature_of(row.code)
    except ProgramFailed as error:
        raise InvalidInput(str(error), field="code") from error
    row.description, row.parameters = found.description, found.parameters


def _told(row: PythonTool) -> dict[str, Any]:
    return {"name": row.name, "title": row.title, "code": row.code}
