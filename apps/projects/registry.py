"""What can be assigned to projects: the apps that have such things name them here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from apps.accounts.grants import VIEW, Shared
from apps.projects.models import Project


@dataclass(frozen=True)
class Assignable:
    """Things of one kind, with a field `projects`. `address` leads to one of them from a project, for members from a level on."""

    key: str
    model: type[Shared]
    words: str | Promise
    none: str | Promise
    icon: str
    address: Callable[[Project, Any], str]
    opens_at: str = VIEW

    def rows(self) -> Any:
        """Return the query of all of this kind."""
        return self.model._default_manager.all()

    def assigned_to(self, project: Project) -> Any:
        """Return those that are assigned to a project."""
        return self.rows().filter(projects=project)


_assignables: dict[str, Assignable] = {}


def register(assignable: Assignable) -> None:
    """Have things of a kind assigned to projects; called once at start."""
    _assignables[assignable.key] = assignable


def assignables() -> list[Assignable]:
    """Return what can be assigned, in the order of keys."""
    return [_assignables[key] for key in sorted(_assignables)]


def assignable(key: str) -> Assignable | None:
    return _assignables.get(key)
