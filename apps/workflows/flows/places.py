"""Places like {{ check.open.count }}: what came before, by the name of the step and the path of what it gave.

What is filled in is never looked at again, so that nobody's text can bring places of its own.
"""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from apps.workflows.flows.steps import Condition

PATH = r"[a-z][a-z0-9_]{0,39}(?:\.[a-z0-9_]{1,40}){0,6}"
PLACE = re.compile(r"\{\{\s*(" + PATH + r")\s*\}\}")
COUNT = "count"
"""The last part of a path: how many a list holds."""


def paths_in(text: str) -> list[str]:
    """Return the paths of the places in a text, each once, in order."""
    return list(dict.fromkeys(PLACE.findall(text)))


def whole_place(text: str) -> str:
    """Return the path of a text that is one place and nothing else, "" for any other."""
    found = PLACE.fullmatch(text.strip())
    return found[1] if found else ""


def value_at(scope: Mapping[str, Any], path: str) -> Any:
    """Return what stands at a path; None where nothing does (yet)."""
    value: Any = scope
    for part in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list | tuple) and part == COUNT:
            value = len(value)
        else:
            return None
    return value


def as_text(value: Any) -> str:
    """Return a value as it is filled in."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None or isinstance(value, Mapping | list | tuple) else str(value)


def filled(text: str, scope: Mapping[str, Any]) -> str:
    """Fill in the places of a text; one that has no value stays empty."""
    return PLACE.sub(lambda place: as_text(value_at(scope, place[1])), text)


def holds(condition: Condition, scope: Mapping[str, Any]) -> bool:
    """Say whether a condition holds. Texts are compared without regard to case; what is no number is neither above nor below one."""
    found = as_text(value_at(scope, condition.place)).strip()
    wanted = condition.value.strip()
    if condition.test in ("above", "below"):
        numbers = (_number(found), _number(wanted))
        if None in numbers:
            return False
        return numbers[0] > numbers[1] if condition.test == "above" else numbers[0] < numbers[1]  # type: ignore[operator]
    held, sought = found.casefold(), wanted.casefold()
    return {
        "equals": held == sought,
        "differs": held != sought,
        "contains": bool(sought) and sought in held,
        "empty": not held,
        "filled": bool(held),
    }[condition.test]


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
