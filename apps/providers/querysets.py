"""Models by what they are for."""

from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from apps.providers.models import ProviderModel  # noqa: F401


class ProviderModelQuerySet(models.QuerySet["ProviderModel"]):
    def for_chat(self) -> "ProviderModelQuerySet":
        """Models that answer."""
        return self.filter(purpose="chat")

    def for_embeddings(self) -> "ProviderModelQuerySet":
        """Models that turn texts into vectors."""
        return self.filter(purpose="embedding")
