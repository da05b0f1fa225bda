"""Finding events."""

from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    from apps.audit.models import AuditEvent, SecurityEvent  # noqa: F401


class AuditQuerySet(models.QuerySet["AuditEvent"]):
    def visible_to(self, user: Any) -> "AuditQuerySet":
        """Everything, for whoever may read the audit; otherwise nothing."""
        return self if user.has_perm("audit.view_auditevent") else self.none()

    def matching(self, words: str) -> "AuditQuerySet":
        """Events with every word in the name of the actor or target, the action, the address or the correlation id."""
        found = self
        for word in words.split():
            places = ("actor_name", "through", "target_name", "action", "address", "correlation_id", "target_id")
            condition = models.Q()
            for place in places:
                condition |= models.Q(**{f"{place}__icontains": word})
            found = found.filter(condition)
        return found

    def between(self, since: date | None, until: date | None) -> "AuditQuerySet":
        """Events of these days, both included."""
        found = self.filter(at__date__gte=since) if since else self
        return found.filter(at__date__lte=until) if until else found


class SecurityQuerySet(models.QuerySet["SecurityEvent"]):
    def visible_to(self, user: Any) -> "SecurityQuerySet":
        """Everything, for whoever may see security events; otherwise nothing."""
        return self if user.has_perm("audit.view_securityevent") else self.none()

    def open(self) -> "SecurityQuerySet":
        """Events that nobody has handled yet."""
        return self.filter(handled_at=None)

    def matching(self, words: str) -> "SecurityQuerySet":
        """Events with every word in the subject, the person, the kind, the address or the note."""
        found = self
        for word in words.split():
            condition = models.Q()
            for place in ("subject", "actor_name", "kind", "address", "note", "correlation_id"):
                condition |= models.Q(**{f"{place}__icontains": word})
            found = found.filter(condition)
        return found
