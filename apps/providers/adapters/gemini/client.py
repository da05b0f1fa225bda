"""Google's own client on our connection, and embeddings through it (ai.google.dev/api/embeddings)."""

from collections.abc import Sequence
from typing import Any

import httpx2
from google import genai
from google.genai import errors
from google.genai.types import HttpOptions

from apps.providers.adapters.wires.embeddings import embedded
from apps.providers.adapters.wires.sdk_errors import of_status
from apps.providers.adapters.wires.transport import client_of
from apps.providers.errors import Garbled, TimedOut
from apps.providers.types import Connection, Embedded


def genai_client(connection: Connection) -> genai.Client:
    """Build the SDK's client on a guarded connection; it retries nothing by itself."""
    options = HttpOptions(
        base_url=connection.address,
        httpx_async_client=client_of(connection),
        timeout=int(connection.timeout_s * 1000),
    )
    return genai.Client(api_key=connection.api_key or "none", vertexai=False, http_options=options)


class GeminiEmbeddings:
    """Embeddings of Gemini; the API does not say how many tokens it read."""

    def __init__(self, connection: Connection) -> None:
        self._client = genai_client(connection)

    async def embed(self, model: str, texts: Sequence[str]) -> Embedded:
        """Return a vector for each text. Raises ProviderError."""
        contents: Any = list(texts)
        try:
            answer = await self._client.aio.models.embed_content(model=model, contents=contents)
        except httpx2.TimeoutException as error:
            raise TimedOut from error
        except (errors.APIError, httpx2.HTTPError) as error:
            raise of_status(getattr(error, "code", None)) from error
        except ValueError as error:
            raise Garbled from error
        return embedded([one.values or [] for one in answer.embeddings or ()], len(texts))
