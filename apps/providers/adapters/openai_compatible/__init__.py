"""Any server that speaks OpenAI's Chat Completions: vLLM, llama.cpp, LM Studio, LiteLLM and others."""

from apps.providers.types import ChatPort, Connection, EmbeddingClient, Kind


def connect(connection: Connection) -> ChatPort:
    from apps.providers.adapters.wires.chat_completions import ChatCompletions

    return ChatCompletions(connection)


def connect_embeddings(connection: Connection) -> EmbeddingClient:
    from apps.providers.adapters.wires.embeddings import OpenAIEmbeddings

    return OpenAIEmbeddings(connection)


KIND = Kind(
    key="openai_compatible",
    words="OpenAI-compatible server",
    connect=connect,
    connect_embeddings=connect_embeddings,
    example="http://localhost:8000/v1",
    needs_key=False,
)
