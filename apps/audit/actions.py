"""The vocabulary of the audit: every action has a stable name and words for people."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_registry: dict[str, "Action"] = {}


@dataclass(frozen=True)
class Action:
    """Something that can be done; declared once, in the `actions` module of the app that does it."""

    name: str
    words: str | Promise

    def __post_init__(self) -> None:
        if self.name in _registry:
            raise ValueError(f"The action {self.name} is declared twice.")
        _registry[self.name] = self


def all_actions() -> list[Action]:
    """Return every declared action, by name."""
    return sorted(_registry.values(), key=lambda action: action.name)


def words_for(name: str) -> str:
    """Return the words of an action by its name; the name itself when the action is no longer declared."""
    action = _registry.get(name)
    return str(action.words) if action else name


ROW_ADDED = Action("administration.added", _("added something in the administration"))
ROW_CHANGED = Action("administration.changed", _("changed something in the administration"))
ROW_DELETED = Action("administration.deleted", _("deleted something in the administration"))
AUDIT_READ = Action("audit.read", _("read the audit"))
AUDIT_EXPORTED = Action("audit.exported", _("took the audit out as a file"))
JOB_REVIVED = Action("job.revived", _("started a job again"))
