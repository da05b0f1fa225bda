"""OpenAI by the Responses API (platform.openai.com/docs/api-reference/responses), which its reasoning models prefer."""

from apps.providers.types import ChatPort, Connection, EmbeddingClient, Kind


def connect(connection: Connection) -> ChatPort:
    from pydantic_ai.models.openai import OpenAIResponsesModel
    from pydantic_ai.providers.openai import OpenAIProvider

    from apps.providers.adapters.wires.chat_completions import listed, openai_client
    from apps.providers.adapters.wires.direct import Direct

    client = openai_client(connection)
    provider = OpenAIProvider(openai_client=client)
    return Direct(lambda name: OpenAIResponsesModel(name, provider=provider), lambda: listed(client))


def connect_embeddings(connection: Connection) -> EmbeddingClient:
    from apps.providers.adapters.wires.embeddings import OpenAIEmbeddings

    return OpenAIEmbeddings(connection)


KIND = Kind(
    key="openai_responses",
    words="OpenAI, Responses API",
    connect=connect,
    connect_embeddings=connect_embeddings,
    address="https://api.openai.com/v1",
    price_list="openai",
)
