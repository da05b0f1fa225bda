"""The rows of an answer's citations."""

from collections.abc import Sequence

from apps.agents.citations import quote_span, unsupported_quotes
from apps.agents.types import Source
from apps.conversations.models import Citation, Message
from apps.core.markdown import cited_numbers
from apps.knowledge.models import Chunk, Document


def store_citations(message: Message, text: str, sources: Sequence[Source]) -> None:
    """Write one row for each passage that the run has seen; those the text cites come with their quote. Note what no passage says."""
    cited = set(cited_numbers(text))
    chunks = set(Chunk.objects.filter(pk__in=[s.chunk_id for s in sources]).values_list("pk", flat=True))
    documents = set(Document.objects.filter(pk__in=[s.document_id for s in sources]).values_list("pk", flat=True))
    Citation.objects.filter(message=message).delete()
    Message.objects.filter(pk=message.pk).update(unsupported=unsupported_quotes(text, sources))
    spans = {source.number: quote_span(text, source) for source in sources}
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
            quote=source.text[slice(*spans[source.number])],
            start=spans[source.number][0],
            end=spans[source.number][1],
        )
        for source in sources
    )
