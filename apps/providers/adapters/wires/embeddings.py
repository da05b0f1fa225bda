"""Embeddings by OpenAI's protocol (platform.openai.com/docs/api-reference/embeddings), which most servers speak, and what all wires share."""

from collections.abc import Sequence

import httpx2
import numpy as np
import openai

from apps.providers.adapters.wires.chat_completions import openai_client, translated
from apps.providers.errors import Garbled
from apps.providers.types import Connection, Embedded


class OpenAIEmbeddings:
    """A client of one server with one key."""

    def __init__(self, connection: Connection) -> None:
        self._client = openai_client(connection)

    async def embed(self, model: str, texts: Sequence[str]) -> Embedded:
        """Return a vector for each text. Raises ProviderError."""
        try:
            answer = await self._client.embeddings.create(model=model, input=list(texts), encoding_format="float")
        except (openai.OpenAIError, httpx2.HTTPError, ValueError) as error:
            raise translated(error) from error
        rows = sorted(answer.data or (), key=lambda row: row.index)
        tokens = answer.usage.prompt_tokens if answer.usage else 0
        return embedded([row.embedding for row in rows], len(texts), tokens)


def embedded(rows: Sequence[Sequence[float]], expected: int, tokens: int = 0) -> Embedded:
    """Return what a vendor sent as L2-normalised float32. Raises Garbled for a missing, uneven, empty or endless vector."""
    try:
        vectors = np.asarray(rows, np.float32)
    except (TypeError, ValueError) as error:
        raise Garbled from error
    if vectors.ndim != 2 or len(vectors) != expected or not vectors.shape[1] or not np.isfinite(vectors).all():
        raise Garbled
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not lengths.all():
        raise Garbled
    return Embedded(vectors / lengths, tokens)
