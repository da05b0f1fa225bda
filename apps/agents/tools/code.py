"""Code in the sandbox: what a model writes, with the agent's other tools as functions, and tools that a Builder wrote."""

from collections.abc import Collection
from typing import Any

from django.utils.translation import gettext_lazy

from apps.agents.models import PythonTool
from apps.agents.sandbox.base import MOST_CODE_BYTES, Program
from apps.agents.tools.base import Tool, ToolContext
from apps.providers.types import ToolSpec

NAME = "run_python"
PREFIX = "python_"
SPEC = ToolSpec(
    name=NAME,
    description=(
        "Run Python to work something out: the value of the last expression and what is printed come back. Your other"
        " tools are functions in it, called by name with named arguments; each returns a dict (with the key `error`"
        " when it failed). There are no files, no network and no packages; these modules can be imported: math, json,"
        " re, datetime, decimal, random, csv, collections, itertools, functools, hashlib, base64, bisect. Nothing is kept"
        " from one call to the next."
    ),
    parameters={
        "type": "object",
        "properties": {"code": {"type": "string", "minLength": 1, "maxLength": MOST_CODE_BYTES}},
        "required": ["code"],
        "additionalProperties": False,
    },
)


def _call(context: ToolContext, arguments: dict[str, Any]) -> Program:
    return Program(arguments["code"])


RUN_PYTHON = Tool(
    SPEC,
    _call,
    title=gettext_lazy("Python"),
    summary=gettext_lazy(
        "Writes small programs to work things out, and calls its other tools from them. They run where nothing can be reached."
    ),
    icon="code",
)


def python_tools(keys: Collection[str] | None = None) -> dict[str, Tool]:
    """Return the tools that were written here, or those of these keys."""
    found = PythonTool.objects.all()
    if keys is not None:
        found = found.filter(name__in=[key.removeprefix(PREFIX) for key in keys if key.startswith(PREFIX)])
    return {f"{PREFIX}{row.name}": tool_of(row) for row in found}


def tool_of(row: PythonTool) -> Tool:
    """Return what somebody wrote as a tool."""

    def call(context: ToolContext, arguments: dict[str, Any]) -> Program:
        return program_of(row, arguments)

    return Tool(
        ToolSpec(f"{PREFIX}{row.name}", row.description, row.parameters),
        call,
        title=row.title or row.name,
        summary=row.description.split("\n")[0],
        icon="code",
    )


def program_of(row: PythonTool, arguments: dict[str, Any]) -> Program:
    """Return the program that calls a written tool with these arguments."""
    return Program(f"{row.code}\n\nrun(**arguments)\n", inputs={"arguments": arguments})
