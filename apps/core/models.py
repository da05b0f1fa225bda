"""Abstract models that the apps' tables are made of."""

import uuid

from django.db import models


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


def is_uuid(value: object) -> bool:
    """Say whether a value from outside is the text of a key."""
    try:
        uuid.UUID(str(value))
    except ValueError:
        return False
    return isinstance(value, str)
