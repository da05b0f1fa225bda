"""Google Gemini by the Gemini API (ai.google.dev/api)."""

from apps.providers.types import ChatPort, Connection, Kind, ModelInfo


def connect(connection: Connection) -> ChatPort:
    import httpx2
    from google import genai
    from google.genai import errors
    from google.genai.types import HttpOptions
    from pydantic_ai.models.google import GoogleModel
    from pydantic_ai.providers.google import GoogleProvider

    from apps.providers.adapters.wires.direct import Direct
    from apps.providers.adapters.wires.sdk_errors import of_status
    from apps.providers.adapters.wires.transport import client_of

    options = HttpOptions(
        base_url=connection.address,
        httpx_async_client=client_of(connection),
        timeout=int(connection.timeout_s * 1000),
    )
    client = genai.Client(api_key=connection.api_key or "none", vertexai=False, http_options=options)
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


KIND = Kind(
    key="gemini",
    words="Google Gemini",
    connect=connect,
    address="https://generativelanguage.googleapis.com",
    price_list="google",
)
