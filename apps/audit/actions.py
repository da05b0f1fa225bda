"""The vocabulary of the audit: every action has a stable name and words for people; one with a severity is a security event."""

from dataclasses import dataclass

from django.db.models import IntegerChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_registry: dict[str, "Action"] = {}


class Severity(IntegerChoices):
    LOW = 1, _("Low")
    MEDIUM = 2, _("Medium")
    HIGH = 3, _("High")
    CRITICAL = 4, _("Critical")


@dataclass(frozen=True)
class Action:
    """Something that can be done; declared once, in the `actions` module of the app that does it.

    With a `severity` it is a security event as well, whose severity goes one step up at each count in `grows_at` that it
    reaches within an hour.
    """

    name: str
    words: str | Promise
    severity: Severity | None = None
    grows_at: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.name in _registry:
            raise ValueError(f"The action {self.name} is declared twice.")
        _registry[self.name] = self

    def severity_at(self, count: int) -> Severity:
        """Return how bad it is to happen this often in an hour. Raises ValueError for an action without a severity."""
        if self.severity is None:
            raise ValueError(f"{self.name} is no security event.")
        return Severity(min(Severity.CRITICAL, self.severity + sum(count >= step for step in self.grows_at)))


def all_actions() -> list[Action]:
    """Return every declared action, by name."""
    return sorted(_registry.values(), key=lambda action: action.name)


def security_kinds() -> list[Action]:
    """Return every action that is a security event, by name."""
    return [action for action in all_actions() if action.severity is not None]


def words_for(name: str) -> str:
    """Return the words of an action by its name; the name itself when the action is no longer declared."""
    action = _registry.get(name)
    return str(action.words) if action else name


ROW_ADDED = Action("administration.added", _("added something in the administration"))
ROW_CHANGED = Action("administration.changed", _("changed something in the administration"))
ROW_DELETED = Action("administration.deleted", _("deleted something in the administration"))
AUDIT_READ = Action("audit.read", _("read the audit"))
AUDIT_EXPORTED = Action("audit.exported", _("took the audit out as a file"), Severity.LOW)
AUDIT_LET_GO = Action("audit.let_go", _("let old events of the audit go"))
AUDIT_BROKEN = Action("audit.broken", _("is where the chain of the audit is broken"), Severity.CRITICAL)
SECURITY_READ = Action("security.read", _("looked at the security events"))
SECURITY_HANDLED = Action("security.handled", _("marked a security event as handled"))
SECURITY_REOPENED = Action("security.reopened", _("opened a security event again"))
ALERTS_ADDED = Action("alerts.added", _("had alerts sent somewhere"))
ALERTS_REMOVED = Action("alerts.removed", _("stopped alerts being sent somewhere"), Severity.MEDIUM)
ALERTS_TESTED = Action("alerts.tested", _("sent a trial alert"))
ALERT_REPEATED = Action("alerts.repeated", _("had an alert sent again"))
REFUSED = Action("security.refused", _("was refused something"), Severity.LOW, grows_at=(20, 200))
PROBED = Action("security.probed", _("asked for many things that are not there"), Severity.MEDIUM, grows_at=(20,))
LIMITED = Action("security.limited", _("did something too often"), Severity.LOW, grows_at=(50, 500))
CREDENTIAL_REFUSED = Action(
    "security.credential_refused", _("presented a token or key that is not valid"), Severity.LOW, grows_at=(100, 1_000)
)
JOB_REVIVED = Action("job.revived", _("started a job again"))
