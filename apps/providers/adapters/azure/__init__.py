"""Azure OpenAI (learn.microsoft.com/azure/ai-services/openai): models are the names of deployments.

Without an API version the address is the resource's `/openai/v1/`; with one it is the resource itself.
"""

from apps.providers.types import ChatPort, Connection, EmbeddingClient, Kind


def connect(connection: Connection) -> ChatPort:
    from apps.providers.adapters.wires.chat_completions import ChatCompletions

    return ChatCompletions(connection, limit_name="max_completion_tokens")


def connect_embeddings(connection: Connection) -> EmbeddingClient:
    from apps.providers.adapters.wires.embeddings import OpenAIEmbeddings

    return OpenAIEmbeddings(connection)


KIND = Kind(
    key="azure",
    words="Azure OpenAI",
    connect=connect,
    connect_embeddings=connect_embeddings,
    example="https://our-name.openai.azure.com/openai/v1/",
    takes_api_version=True,
    price_list="azure",
)
