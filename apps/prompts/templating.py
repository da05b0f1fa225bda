"""The text of a prompt with its places: which there are, whether what is declared fits them, and filling them in.

A place is `{{ name }}`; anything else stays as it is, and what is filled in is never looked at again, so that nobody's
values can bring places of their own.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.core.errors import InvalidInput
from apps.core.models import is_uuid
from apps.core.tenancy import current_tenant
from apps.prompts.types import GIVEN, KINDS, MOST_FILES, Variable

PLACE = re.compile(r"\{\{\s*([a-z][a-z0-9_]{0,39})\s*\}\}")
MAX_TEXT_CHARS, MAX_VARIABLES, MAX_CHOICES = 40_000, 30, 50
MAX_CHARS = {"text": 500, "long_text": 8_000}
YES, NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def names_in(text: str) -> list[str]:
    """Return the names of the places in a text, each once, in order, without those that a run fills in by itself."""
    return [name for name in dict.fromkeys(PLACE.findall(text)) if name not in GIVEN]


def checked_text(text: str) -> str:
    """Return a prompt's text as it is stored. Raises InvalidInput for one that is empty or too long."""
    text = text.replace("\0", "").replace("\r\n", "\n").strip()
    if not text:
        raise InvalidInput(_("Write the prompt first."), field="text")
    if len(text) > MAX_TEXT_CHARS:
        raise InvalidInput(_("At most %(n)d characters.") % {"n": MAX_TEXT_CHARS}, field="text")
    return text


def checked_variables(text: str, declared: Sequence[Variable]) -> list[Variable]:
    """Return a variable for each place of the text; those that nobody declared are required text.

    Raises InvalidInput for one that stands nowhere in the text, is declared twice or has a default that does not fit.
    """
    names, known = names_in(text), {variable.name: variable for variable in declared}
    if len(names) > MAX_VARIABLES:
        raise InvalidInput(_("At most %(n)d variables.") % {"n": MAX_VARIABLES}, field="text")
    if len(known) < len(declared):
        raise InvalidInput(_("A variable is declared twice."), field="variables")
    for name in known.keys() - set(names):
        message = _("The text has no place {{ %(name)s }}.") % {"name": name}
        raise InvalidInput(message, field="variables")
    return [_checked_variable(known.get(name, Variable(name))) for name in names]


def _checked_variable(variable: Variable) -> Variable:
    field = f"variables.{variable.name}"
    if variable.kind not in KINDS:
        raise InvalidInput(_("There is no such kind of variable."), field=field)
    if variable.kind == "choice" and not 2 <= len(variable.choices) <= MAX_CHOICES:
        raise InvalidInput(_("Write two choices or more, with commas between them."), field=field)
    default = _as_text(variable, variable.default, field) if variable.default else ""
    return Variable(
        variable.name,
        variable.kind,
        variable.help.strip()[:200],
        default,
        variable.is_required,
        variable.choices if variable.kind == "choice" else (),
    )


def checked_values(variables: Sequence[Variable], given: Mapping[str, Any]) -> dict[str, str]:
    """Return the text for each variable. Raises InvalidInput, at `values.<name>`, for one that is missing or does not fit."""
    filled = {}
    for variable in variables:
        field = f"values.{variable.name}"
        value = given.get(variable.name)
        if value in (None, ""):
            value = variable.default
        if value == "" and variable.is_required:
            words = _("Fill in “%(name)s”.") % {"name": str(variable.label) or variable.name}
            raise InvalidInput(words, field=field)
        filled[variable.name] = _as_text(variable, value, field) if value != "" else ""
    return filled


def render(text: str, values: Mapping[str, str]) -> str:
    """Fill in the places of a text; one that has no value stays empty."""
    return PLACE.sub(lambda place: values.get(place[1], ""), text)


def given_values(person: Any) -> dict[str, str]:
    """Return what every run fills in by itself (see types.GIVEN)."""
    return {
        "organisation": current_tenant().name,
        "person": getattr(person, "name", "") or "",
        "language": get_language() or "en",
        "today": timezone.localdate().isoformat(),
    }


def _as_text(variable: Variable, value: Any, field: str) -> str:
    written = str(value).replace("\0", "").strip()
    if variable.kind == "number":
        return _number(written, field)
    if variable.kind == "date":
        return _day(written, field)
    if variable.kind == "switch":
        return _switch(written, field)
    if variable.takes_files:
        return _keys(variable, written, field)
    if variable.kind == "choice" and written not in variable.choices:
        raise InvalidInput(_("Choose one of: %(choices)s.") % {"choices": ", ".join(variable.choices)}, field=field)
    most = MAX_CHARS.get(variable.kind, 500)
    if len(written) > most:
        raise InvalidInput(_("At most %(n)d characters.") % {"n": most}, field=field)
    return written


def _keys(variable: Variable, written: str, field: str) -> str:
    keys = list(dict.fromkeys(key.strip() for key in written.split(",") if key.strip()))
    if not all(map(is_uuid, keys)):
        raise InvalidInput(_("Upload the file first, and name it by its id."), field=field)
    require_fewer(variable, len(keys), field)
    return ",".join(keys)


def require_fewer(variable: Variable, number: int, field: str) -> None:
    """Raise InvalidInput for more files than a variable takes."""
    most = MOST_FILES if variable.kind == "files" else 1
    if number > most:
        raise InvalidInput(_("At most %(n)d files.") % {"n": most} if most > 1 else _("One file alone."), field=field)


def _number(written: str, field: str) -> str:
    try:
        number = Decimal(written)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or len(written) > 40:
        raise InvalidInput(_("Write a number."), field=field)
    return written


def _day(written: str, field: str) -> str:
    try:
        return date.fromisoformat(written).isoformat()
    except ValueError:
        raise InvalidInput(_("Write a day like 2026-11-30."), field=field) from None


def _switch(written: str, field: str) -> str:
    if written.lower() not in YES + NO:
        raise InvalidInput(_("Say yes or no."), field=field)
    return "yes" if written.lower() in YES else "no"
