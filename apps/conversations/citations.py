"""Which passages an answer cites, and the words it took from them."""

import re
from collections.abc import Sequence

from apps.agents.types import Source
from apps.conversations.models import Citation, Message
from apps.core.language import sentences, terms
from apps.knowledge.models import Chunk, Document

_MARK = re.compile(r"\[(\d{1,2})\](?!\()")


def cited_numbers(text: str) -> list[int]:
    """Return the numbers that a text cites, in the order of their first mention."""
    return list(dict.fromkeys(int(mark[1]) for mark in _MARK.finditer(text)))


def store_citations(message: Message, text: str, sources: Sequence[Source]) -> None:
    """Write one row for each passage that the run has seen; those the text cites come with their quote."""
    cited = set(cited_numbers(text))
    chunks = set(Chunk.objects.filter(pk__in=[s.chunk_id for s in sources]).values_list("pk", flat=True))
    documents = set(Document.objects.filter(pk__in=[s.document_id for s in sources]).values_list("pk", flat=True))
    Citation.objects.filter(message=message).delete()
    Citation.objects.bulk_create(
        Citation(
            message=message,
            number=source.number,
            is_cited=source.number in cited,
            chunk_id=source.chunk_id if source.chunk_id in {str(pk) for pk in chunks} else None,
            document_id=source.document_id if source.document_id in {str(pk) for pk in documents} else None,
            document_name=source.document[:255],
            heading=source.heading[:500],
            page=source.page,
            quote=quote_for(text, source),
        )
        for source in sources
    )


def quote_for(text: str, source: Source) -> str:
    """Return the sentence of the passage that the answer rests on: its words nearest to the citing sentence."""
    wanted = set(terms(" ".join(_claims(text, source.number))))
    spans = sentences(source.text) or [(0, len(source.text))]
    best = max(spans, key=lambda span: _overlap(wanted, source.text[span[0] : span[1]]))
    return source.text[best[0] : best[1]]


def _claims(text: str, number: int) -> list[str]:
    """Return what stands before each `[number]`, back to the line's start or the citation before."""
    claims = []
    for line in text.splitlines():
        start = 0
        for mark in _MARK.finditer(line):
            if int(mark[1]) == number:
                claims.append(line[start : mark.start()])
            start = mark.end()
    return claims


def _overlap(wanted: set[str], sentence: str) -> float:
    own = set(terms(sentence))
    return len(wanted & own) / (1 + len(own)) ** 0.5
