"""`/v1/embeddings`: texts as vectors, by the models by which collections are found."""

import base64
from typing import Any

import numpy as np
from asgiref.sync import sync_to_async
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core.errors import InvalidInput, NotFound, Unavailable
from apps.core.language import token_estimate
from apps.core.models import is_uuid
from apps.core.permissions import require
from apps.knowledge.embedding import Space, embed_passages
from apps.protocols.api.doors import door, read
from apps.protocols.completions.shapes import EmbeddingsAsked
from apps.providers.errors import ProviderError
from apps.providers.models import ProviderModel

BUILT_IN = "built-in"
MOST_TEXTS, MOST_CHARS = 256, 200_000


@door("POST")
async def embeddings(request: HttpRequest, person: User) -> HttpResponseBase:
    """Return a vector for each text: by the built-in model, or by one of a provider, whose tokens are counted."""
    asked = read(request, EmbeddingsAsked)
    texts = [asked.input] if isinstance(asked.input, str) else asked.input
    vectors = await sync_to_async(_embedded)(person, asked, texts)
    data = [
        {"object": "embedding", "index": place, "embedding": _written(vector, asked.encoding_format)}
        for place, vector in enumerate(vectors)
    ]
    tokens = sum(map(token_estimate, texts))
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return JsonResponse({"object": "list", "data": data, "model": asked.model, "usage": usage})


def _embedded(person: User, asked: EmbeddingsAsked, texts: list[str]) -> Any:
    require(person, "knowledge.add_document")
    if not texts or len(texts) > MOST_TEXTS or sum(map(len, texts)) > MOST_CHARS or not all(map(str.strip, texts)):
        words = _("Between 1 and %(n)d texts, none of them empty, %(chars)d characters together at most.")
        raise InvalidInput(words % {"n": MOST_TEXTS, "chars": MOST_CHARS}, field="input")
    space = _space(asked.model)
    if asked.dimensions not in (None, space.dimensions):
        raise InvalidInput(_("This model gives %(n)d dimensions.") % {"n": space.dimensions}, field="dimensions")
    try:
        found = embed_passages(space, texts)
    except ProviderError as error:
        raise Unavailable(_(error.sentence), retry_after_s=30) from error
    if found is None:
        raise Unavailable(_("The built-in model is not there."), retry_after_s=60)
    return found


def _space(name: str) -> Space:
    if name == BUILT_IN:
        return Space()
    usable = ProviderModel.objects.filter(dimensions__isnull=False, provider__is_active=True)
    found = usable.filter(pk=name).first() if is_uuid(name) else usable.filter(name=name).first()
    if found is None:
        raise NotFound(_("There is no such model of vectors: “built-in”, or one that was set up."), field="model")
    return Space(found)


def _written(vector: Any, encoding: str) -> Any:
    values = np.asarray(vector, dtype="<f4")
    return base64.b64encode(values.tobytes()).decode() if encoding == "base64" else values.tolist()
