"""Texts to vectors, by the model of a collection: the built-in one, or one of a provider, metered and guarded like every call.

A *space* is what the vectors of one model lie in: those of two models cannot be compared, though they be of one size.
"""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from django.utils.translation import gettext_lazy as _

from apps.core.caches import DISK, MEMORY, REDIS, Level, ReadThrough
from apps.core.database.pool import release_connection
from apps.core.language import is_english, token_estimate
from apps.core.wire import run_on_wire
from apps.knowledge.models import BUILT_IN_SPACE, ChunkVector, vectors_of_size
from apps.providers import breaker
from apps.providers.errors import ProviderError, SwitchedOff, TimedOut
from apps.providers.models import ProviderModel
from apps.providers.registry import embedding_client, embedding_port
from apps.providers.types import Usage, Vectors
from apps.usage.errors import BudgetSpent
from apps.usage.services import ledger
from apps.usage.types import Call, Outcome

BATCH, LIMIT_S = 64, 60.0
BUILT_IN_SIZE = 384
QUESTIONS = ReadThrough(
    "embeddings",
    words=_("Questions as vectors"),
    levels=(Level(MEMORY, 3_600), Level(REDIS, 86_400), Level(DISK, 30 * 86_400)),
)


@dataclass(frozen=True)
class Space:
    """What a model's vectors lie in; `model` is None for the built-in one."""

    model: ProviderModel | None = None

    @property
    def id(self) -> UUID:
        return self.model.pk if self.model else BUILT_IN_SPACE

    @property
    def dimensions(self) -> int:
        return self.model.dimensions or 0 if self.model else BUILT_IN_SIZE

    @property
    def table(self) -> type[ChunkVector]:
        return vectors_of_size(self.dimensions)

    def understands(self, text: str) -> bool:
        """Say whether the model knows the language of a text: the built-in one knows English alone."""
        return self.model is not None or is_english(text)


def embed_passages(space: Space, texts: Sequence[str]) -> Vectors | None:
    """Return (n, dimensions) vectors, or None without the built-in model. Raises ProviderError, BudgetSpent."""
    parts = []
    for start in range(0, len(texts), BATCH):
        part = _embed(space, texts[start : start + BATCH])
        if part is None:
            return None
        parts.append(part)
    return joined(space, parts)


def joined(space: Space, parts: Sequence[Vectors]) -> Vectors:
    """Return the parts as one (n, dimensions)."""
    return np.concatenate(parts) if parts else np.zeros((0, space.dimensions), np.float32)


def embed_question(space: Space, text: str) -> Vectors | None:
    """Return the vector of a question, one that was asked before from the cache; None where it cannot be had now.

    Whoever searches is then answered by words alone.
    """
    version = space.model.updated_at.isoformat() if space.model else ""
    key = hashlib.sha256(f"{space.id}:{version}:{text}".encode()).hexdigest()
    known = QUESTIONS.peek(key)
    if known:
        return np.frombuffer(known[0], np.float32)
    try:
        found = _embed(space, [text])
    except (ProviderError, BudgetSpent):
        return None
    if found is None:
        return None
    QUESTIONS.put(key, found[0].astype(np.float32).tobytes())
    return found[0]


def _embed(space: Space, texts: Sequence[str]) -> Vectors | None:
    if space.model is None:
        port = embedding_port()
        return port.embed(texts) if port else None
    if not space.model.provider.is_active:
        raise SwitchedOff
    with breaker.guarded(space.model.provider):
        return _metered(space.model, texts)


def _metered(model: ProviderModel, texts: Sequence[str]) -> Vectors:
    """Ask a provider within the budgets of everybody together. Raises ProviderError, BudgetSpent."""
    key = f"embed:{uuid.uuid4()}"
    call = Call(key, key, model, None)
    estimate = Usage(sum(map(token_estimate, texts)))
    ledger.reserve(call, Usage(round(estimate.input_tokens * ledger.MARGIN)))
    client = embedding_client(model.provider)
    release_connection()
    try:
        found = run_on_wire(client.embed(model.name, texts), timeout_s=LIMIT_S)
    except (TimeoutError, ProviderError) as error:
        ledger.settle(call, Outcome(Usage(), False))
        raise (TimedOut() if isinstance(error, TimeoutError) else error) from error
    counted = Usage(found.tokens) if found.tokens else estimate
    ledger.settle(call, Outcome(counted, True, is_estimated=not found.tokens))
    return found.vectors


def store_vectors(space: Space, chunks: Sequence[Any], vectors: Vectors) -> None:
    """Write a vector for each chunk, in order; one that is there already stays."""
    table: Any = space.table
    rows = [
        table(chunk_id=chunk.pk, space=space.id, knowledge_base_id=chunk.knowledge_base_id, embedding=vector)
        for chunk, vector in zip(chunks, vectors, strict=True)
    ]
    table.objects.bulk_create(rows, batch_size=2_000, ignore_conflicts=True)
