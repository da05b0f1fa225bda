"""Which connections a person's agents may call."""

from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    from apps.integrations.models import Connection  # noqa: F401


class ConnectionQuerySet(models.QuerySet["Connection"]):
    def for_person(self, person: Any) -> "ConnectionQuerySet":
        """Those that agents call for a person."""
        return self.filter(models.Q(audience=None) | models.Q(audience__in=person.groups.all()))
