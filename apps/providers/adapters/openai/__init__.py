"""OpenAI by the Chat Completions API (platform.openai.com/docs/api-reference/chat)."""

from apps.providers.types import ChatPort, Connection, EmbeddingClient, Kind


def connect(connection: Connection) -> ChatPort:
    from apps.providers.adapters.wires.chat_completions import ChatCompletions

    return ChatCompletions(connection, limit_name="max_completion_tokens")


def connect_embeddings(connection: Connection) -> EmbeddingClient:
    from apps.providers.adapters.wires.embeddings import OpenAIEmbeddings

    return OpenAIEmbeddings(connection)


KIND = Kind(
    key="openai",
    words="OpenAI",
    connect=connect,
    connect_embeddings=connect_embeddings,
    address="https://api.openai.com/v1",
    price_list="openai",
)
