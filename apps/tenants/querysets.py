"""Which accesses of support are open."""

from typing import TYPE_CHECKING

from django.db import models
from django.utils import timezone

if TYPE_CHECKING:
    from apps.tenants.models import SupportAccess  # noqa: F401


class SupportAccessQuerySet(models.QuerySet["SupportAccess"]):
    def open(self) -> "SupportAccessQuerySet":
        """Those that hold now."""
        return self.filter(ended_at=None, expires_at__gt=timezone.now())
