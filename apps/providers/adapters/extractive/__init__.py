"""The model that needs no key and no download: it quotes the best sentences of the tenant's own documents."""

from apps.providers.adapters.extractive.model import Extractive
from apps.providers.adapters.extractive.ranking import best_quotes
from apps.providers.adapters.minilm import built_in
from apps.providers.errors import gettext_noop
from apps.providers.types import ChatPort, Connection, Kind

__all__ = ["KIND", "Extractive", "best_quotes"]


def connect(connection: Connection) -> ChatPort:
    return Extractive(embedder=built_in)


KIND = Kind(
    key="extractive",
    words=gettext_noop("Built in: quotes your documents"),
    connect=connect,
    needs_key=False,
    is_built_in=True,
)
