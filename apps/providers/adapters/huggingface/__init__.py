"""Hugging Face by its router (huggingface.co/docs/inference-providers): chat by OpenAI's protocol, embeddings by its own task."""

from apps.providers.types import ChatPort, Connection, EmbeddingClient, Kind


def connect(connection: Connection) -> ChatPort:
    from apps.providers.adapters.wires.chat_completions import ChatCompletions

    return ChatCompletions(connection)


def connect_embeddings(connection: Connection) -> EmbeddingClient:
    from apps.providers.adapters.huggingface.features import FeatureExtraction

    return FeatureExtraction(connection)


KIND = Kind(
    key="huggingface",
    words="Hugging Face",
    connect=connect,
    connect_embeddings=connect_embeddings,
    address="https://router.huggingface.co/v1",
)
