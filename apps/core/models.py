"""Abstract models that the apps' tables are made of, and what their columns can hold."""

import json
import re
import uuid
from typing import Any

from django.db import models

from apps.core import credentials

NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
"""A NUL as JSON writes it; a backslash that was one already makes it plain text."""


class UUIDModel(models.Model):
    """A row with a random key that never repeats across tenants."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)

    class Meta:
        abstract = True


class TimestampedModel(UUIDModel):
    """A row that knows when it was made and last changed (UTC)."""

    created_at = models.DateTimeField(auto_now_add=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True, editable=False)

    class Meta:
        abstract = True


class HoldsSecret(models.Model):
    """A row with one secret, stored sealed and never shown."""

    sealed_secret = models.TextField(blank=True, editable=False)

    class Meta:
        abstract = True

    @property
    def has_secret(self) -> bool:
        return bool(self.sealed_secret)

    def set_secret(self, secret: str) -> None:
        """Seal a new secret, or drop the old one with ""."""
        self.sealed_secret = credentials.seal(secret, **self._place()) if secret else ""

    def secret(self) -> str:
        """Return the secret in the clear, "" when there is none; only for the call that sends it or signs with it."""
        return credentials.unseal(self.sealed_secret, **self._place()) if self.sealed_secret else ""

    def _place(self) -> dict[str, Any]:
        return {"table": self._meta.db_table, "pk": self.pk, "field": "sealed_secret"}


def is_uuid(value: object) -> bool:
    """Say whether a value from outside is the text of a key."""
    try:
        uuid.UUID(str(value))
    except ValueError:
        return False
    return isinstance(value, str)


def is_storable(value: Any) -> bool:
    """Say whether jsonb takes a value: it knows no NUL, no lone surrogate and no infinity."""
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
        text.encode()
    except (ValueError, RecursionError):
        return False
    return NUL.search(text) is None
