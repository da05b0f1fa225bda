"""The model that needs no key and no download: it quotes the best sentences of the tenant's own documents."""

from apps.providers.adapters.extractive.model import Extractive
from apps.providers.adapters.extractive.ranking import best_quotes

__all__ = ["Extractive", "best_quotes"]
