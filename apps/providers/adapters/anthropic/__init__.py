"""Anthropic by the Messages API (docs.anthropic.com/en/api/messages)."""

from apps.providers.types import ChatPort, Connection, Kind, ModelInfo


def connect(connection: Connection) -> ChatPort:
    import anthropic
    import httpx2
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider

    from apps.providers.adapters.wires.direct import Direct
    from apps.providers.adapters.wires.sdk_errors import of_status
    from apps.providers.adapters.wires.transport import client_of

    client = anthropic.AsyncAnthropic(
        api_key=connection.api_key or "none",
        base_url=connection.address,
        max_retries=0,
        http_client=client_of(connection),
    )
    provider = AnthropicProvider(anthropic_client=client)

    async def models() -> list[ModelInfo]:
        try:
            page = await client.models.list(limit=1000)
        except (anthropic.AnthropicError, httpx2.HTTPError) as error:
            raise of_status(getattr(error, "status_code", None)) from error
        return [ModelInfo(model.id, takes_tools=True, takes_images=True) for model in page.data]

    return Direct(lambda name: AnthropicModel(name, provider=provider), models)


KIND = Kind(
    key="anthropic",
    words="Anthropic",
    connect=connect,
    address="https://api.anthropic.com",
    price_list="anthropic",
)
