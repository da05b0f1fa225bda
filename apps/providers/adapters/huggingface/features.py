"""Embeddings by the task "feature extraction" (huggingface.co/docs/inference-providers/tasks/feature-extraction)."""

from collections.abc import Sequence
from urllib.parse import quote

import httpx2

from apps.providers.adapters.wires.embeddings import embedded
from apps.providers.adapters.wires.sdk_errors import of_status
from apps.providers.adapters.wires.transport import client_of, is_too_large
from apps.providers.errors import Garbled, TimedOut, TooLargeForUs
from apps.providers.types import Connection, Embedded


class FeatureExtraction:
    """A client of the router with one key."""

    def __init__(self, connection: Connection) -> None:
        self._root = connection.address.rstrip("/").removesuffix("/v1")
        self._headers = {"Authorization": f"Bearer {connection.api_key}"} if connection.api_key else {}
        self._http = client_of(connection)

    async def embed(self, model: str, texts: Sequence[str]) -> Embedded:
        """Return a vector for each text. Raises ProviderError."""
        url = f"{self._root}/hf-inference/models/{quote(model)}/pipeline/feature-extraction"
        try:
            answer = await self._http.post(url, json={"inputs": list(texts)}, headers=self._headers)
            answer.raise_for_status()
            rows = answer.json()
        except httpx2.HTTPStatusError as error:
            raise of_status(error.response.status_code) from error
        except httpx2.TimeoutException as error:
            raise TimedOut from error
        except httpx2.HTTPError as error:
            raise TooLargeForUs if is_too_large(error) else of_status(None) from error
        except ValueError as error:
            raise Garbled from error
        return embedded(rows, len(texts))
