"""Ollama (github.com/ollama/ollama, docs/openai.md and docs/api.md): models on a machine of your own."""

from apps.providers.types import ChatPort, Connection, Kind


def connect(connection: Connection) -> ChatPort:
    from apps.providers.adapters.ollama.client import OllamaChat

    return OllamaChat(connection)


KIND = Kind(
    key="ollama",
    words="Ollama",
    connect=connect,
    address="http://localhost:11434/v1",
    needs_key=False,
)
