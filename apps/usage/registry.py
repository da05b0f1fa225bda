"""For what budgets can be set besides everybody and each person: higher apps say how such a thing is found by its name."""

from collections.abc import Callable
from typing import Any

Finder = Callable[[str], Any]
Reached = Callable[[Any], Any]
_finders: dict[str, Finder] = {}
_reached: dict[str, Reached] = {}


def find_by(scope: str, finder: Finder, reached: Reached) -> None:
    """Have targets of a scope found so: the finder returns a row with `pk` and `name`, or None; `reached` those that a person calls for."""
    _finders[scope] = finder
    _reached[scope] = reached


def found(scope: str, text: str) -> Any:
    """Return what a text names, None for nothing. Raises KeyError for a scope that no app answers for."""
    return _finders[scope](text)


def reached_by(user: Any) -> dict[str, Any]:
    """Return, by scope, the query of the targets for which a person's calls may be."""
    return {scope: reached(user) for scope, reached in _reached.items()}
