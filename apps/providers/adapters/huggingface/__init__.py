"""Hugging Face by its router (huggingface.co/docs/inference-providers), or an endpoint of one's own with the same protocol."""

from apps.providers.types import ChatPort, Connection, Kind


def connect(connection: Connection) -> ChatPort:
    from apps.providers.adapters.wires.chat_completions import ChatCompletions

    return ChatCompletions(connection)


KIND = Kind(
    key="huggingface",
    words="Hugging Face",
    connect=connect,
    address="https://router.huggingface.co/v1",
)
