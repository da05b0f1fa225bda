"""For what budgets can be set besides everybody and each person: higher apps say how such a thing is found by its name."""

from collections.abc import Callable
from typing import Any

Finder = Callable[[str], Any]
_finders: dict[str, Finder] = {}


def find_by(scope: str, finder: Finder) -> None:
    """Have targets of a scope found so: the finder returns a row with `pk` and `name`, or None."""
    _finders[scope] = finder


def found(scope: str, text: str) -> Any:
    """Return what a text names, None for nothing. Raises KeyError for a scope that no app answers for."""
    return _finders[scope](text)
