"""Google Gemini by the Gemini API (ai.google.dev/api)."""

from apps.providers.types import ChatPort, Connection, EmbeddingClient, Kind, ModelInfo


def connect(connection: Connection) -> ChatPort:
    import httpx2
    from google.genai import errors
    from pydantic_ai.models.google import GoogleModel
    from pydantic_ai.providers.google import GoogleProvider

    from apps.providers.adapters.gemini.client import genai_client
    from apps.providers.adapters.wires.direct import Direct
    from apps.providers.adapters.wires.sdk_errors import of_status

    client = genai_client(connection)
    provider = GoogleProvider(client=client)

    async def models() -> list[ModelInfo]:
        try:
            return [_described(model) async for model in await client.aio.models.list()]
        except (errors.APIError, httpx2.HTTPError, ValueError) as error:
            raise of_status(getattr(error, "code", None)) from error

    return Direct(lambda name: GoogleModel(name, provider=provider), models)


def _described(model: object) -> ModelInfo:
    name = str(getattr(model, "name", "")).removeprefix("models/")
    can = getattr(model, "supported_actions", None) or ()
    return ModelInfo(
        name,
        context_tokens=getattr(model, "input_token_limit", None),
        is_embedding="embedContent" in can and "generateContent" not in can,
    )


def connect_embeddings(connection: Connection) -> EmbeddingClient:
    from apps.providers.adapters.gemini.client import GeminiEmbeddings

    return GeminiEmbeddings(connection)


KIND = Kind(
    key="gemini",
    words="Google Gemini",
    connect=connect,
    connect_embeddings=connect_embeddings,
    address="https://generativelanguage.googleapis.com",
    price_list="google",
)
