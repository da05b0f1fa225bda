"""Code looked at before it is kept: that it parses, takes no way out, and says what it takes. A convenience, never the wall."""

import ast
from dataclasses import dataclass
from typing import Any

from apps.agents.sandbox.base import MOST_CODE_BYTES, ProgramFailed

ENTRY = "run"
MODULES = frozenset(
    {
        *("math", "json", "re", "datetime", "decimal", "random", "csv", "collections", "itertools", "functools"),
        *("hashlib", "base64", "bisect", "typing", "dataclasses"),
    }
)
REFUSED = frozenset(
    {"eval", "exec", "compile", "__import__", "open", "globals", "locals", "vars", "breakpoint", "input"}
)
TYPES = {"int": "integer", "float": "number", "str": "string", "bool": "boolean", "list": "array", "dict": "object"}
MOST_PARAMETERS = 20


@dataclass(frozen=True)
class Signature:
    """What a tool's function says of itself: its words, and its parameters as a JSON schema."""

    description: str
    parameters: dict[str, Any]


def signature_of(code: str) -> Signature:
    """Look at the code of a tool: a module with `def run(…)`, typed, with words. Raises ProgramFailed with the line."""
    if len(code.encode()) > MOST_CODE_BYTES:
        raise ProgramFailed(f"The code is too long: at most {MOST_CODE_BYTES // 1024} KB.")
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        raise ProgramFailed(f"Line {line}: {getattr(error, 'msg', error)}" if line else f"{error}") from error
    for node in ast.walk(tree):
        _check(node)
    entry = next((each for each in tree.body if isinstance(each, ast.FunctionDef) and each.name == ENTRY), None)
    if entry is None:
        raise ProgramFailed("Write a function run(…): what it returns is the result.")
    words = ast.get_docstring(entry) or ""
    if not words:
        raise ProgramFailed(f"Line {entry.lineno}: say in a docstring what it does; the model reads it.")
    return Signature(words[:2_000], _schema(entry))


def _check(node: ast.AST) -> None:
    line = getattr(node, "lineno", 0)
    if isinstance(node, ast.Import | ast.ImportFrom):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or "."]
        for name in names:
            if name.partition(".")[0] not in MODULES:
                raise ProgramFailed(f"Line {line}: {name} cannot be imported. There are: {', '.join(sorted(MODULES))}.")
    elif isinstance(node, ast.Name) and node.id in REFUSED:
        raise ProgramFailed(f"Line {line}: {node.id} is not there.")
    elif isinstance(node, ast.Attribute) and node.attr.startswith("__"):
        raise ProgramFailed(f"Line {line}: {node.attr} cannot be reached.")


def _schema(entry: ast.FunctionDef) -> dict[str, Any]:
    asked = [*entry.args.args, *entry.args.kwonlyargs]
    if entry.args.vararg or entry.args.kwarg or entry.args.posonlyargs or len(asked) > MOST_PARAMETERS:
        raise ProgramFailed(f"Line {entry.lineno}: name each parameter, at most {MOST_PARAMETERS}.")
    firm = len(entry.args.args) - len(entry.args.defaults)
    required = [arg.arg for arg in entry.args.args[:firm]]
    required += [a.arg for a, d in zip(entry.args.kwonlyargs, entry.args.kw_defaults, strict=True) if d is None]
    properties = {arg.arg: _type(arg) for arg in asked}
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _type(arg: ast.arg) -> dict[str, Any]:
    """Return the schema of one annotation: int, float, str, bool, list, list[…], dict, Literal[…]."""
    note = arg.annotation
    if isinstance(note, ast.Name) and note.id in TYPES:
        return {"type": TYPES[note.id]}
    if isinstance(note, ast.Subscript) and isinstance(note.value, ast.Name):
        if note.value.id == "list" and isinstance(note.slice, ast.Name) and note.slice.id in TYPES:
            return {"type": "array", "items": {"type": TYPES[note.slice.id]}}
        if note.value.id == "dict":
            return {"type": "object"}
        if note.value.id == "Literal":
            parts = note.slice.elts if isinstance(note.slice, ast.Tuple) else [note.slice]
            values = [part.value for part in parts if isinstance(part, ast.Constant)]
            if len(values) == len(parts):
                return {"enum": values}
    raise ProgramFailed(
        f"Line {arg.lineno}: say what {arg.arg} is: int, float, str, bool, list[…], dict or Literal[…]."
    )
