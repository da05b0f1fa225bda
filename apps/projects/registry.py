"""What can be assigned to projects: the apps that have such things name them here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from apps.accounts.grants import Shared
from apps.projects.models import Project


@dataclass(frozen=True)
class Kind:
    """A kind of thing with a field `projects`. `address` leads to one of them, for somebody who looks at the project."""

    key: str
    model: type[Shared]
    words: str | Promise
    none: str | Promise
    icon: str
    address: Callable[[Project, Any], str]

    def rows(self) -> Any:
        """Return the query of all of this kind."""
        return self.model._default_manager.all()

    def assigned_to(self, project: Project) -> Any:
        """Return those that are assigned to a project."""
        return self.rows().filter(projects=project)


_kinds: dict[str, Kind] = {}


def assignable(kind: Kind) -> None:
    """Have things of a kind assigned to projects; called once at start."""
    _kinds[kind.key] = kind


def kinds() -> list[Kind]:
    """Return what can be assigned, in the order of keys."""
    return [_kinds[key] for key in sorted(_kinds)]


def kind_named(key: str) -> Kind | None:
    return _kinds.get(key)
