"""Ollama (github.com/ollama/ollama, docs/openai.md and docs/api.md): models on a machine of your own."""

from apps.providers.types import ChatPort, Connection, EmbeddingClient, Kind


def connect(connection: Connection) -> ChatPort:
    from apps.providers.adapters.ollama.client import OllamaChat

    return OllamaChat(connection)


def connect_embeddings(connection: Connection) -> EmbeddingClient:
    from apps.providers.adapters.wires.embeddings import OpenAIEmbeddings

    return OpenAIEmbeddings(connection)


KIND = Kind(
    key="ollama",
    words="Ollama",
    connect=connect,
    connect_embeddings=connect_embeddings,
    address="http://localhost:11434/v1",
    needs_key=False,
)
