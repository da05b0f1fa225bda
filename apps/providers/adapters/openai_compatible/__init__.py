"""Any server that speaks OpenAI's Chat Completions: vLLM, llama.cpp, LM Studio, LiteLLM and others."""

from apps.providers.types import ChatPort, Connection, Kind


def connect(connection: Connection) -> ChatPort:
    from apps.providers.adapters.wires.chat_completions import ChatCompletions

    return ChatCompletions(connection)


KIND = Kind(
    key="openai_compatible",
    words="OpenAI-compatible server",
    connect=connect,
    example="http://localhost:8000/v1",
    needs_key=False,
)
