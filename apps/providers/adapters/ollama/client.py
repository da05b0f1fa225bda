"""Chat Completions, and Ollama's own word on what each model can do."""

import httpx2

from apps.providers.adapters.wires.chat_completions import ChatCompletions
from apps.providers.adapters.wires.transport import client_of
from apps.providers.types import Connection, ModelInfo


class OllamaChat(ChatCompletions):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._root = connection.address.rstrip("/").removesuffix("/v1")
        self._http = client_of(connection)

    async def models(self) -> list[ModelInfo]:
        """List the pulled models with what they take. Raises ProviderError."""
        return [await self._described(model.name) for model in await super().models()]

    async def _described(self, name: str) -> ModelInfo:
        try:
            answer = await self._http.post(f"{self._root}/api/show", json={"model": name})
            shown = answer.raise_for_status().json()
            can = shown.get("capabilities") or []
            sizes = [v for k, v in (shown.get("model_info") or {}).items() if k.endswith(".context_length")]
        except (httpx2.HTTPError, ValueError, AttributeError):
            return ModelInfo(name)
        return ModelInfo(
            name,
            context_tokens=next((size for size in sizes if isinstance(size, int)), None),
            takes_tools="tools" in can,
            takes_images="vision" in can,
            takes_schema=True,
            is_embedding="embedding" in can and "completion" not in can,
        )
