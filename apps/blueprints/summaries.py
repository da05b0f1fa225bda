"""What a model says about figures that were computed: shown when it names none but those."""

from collections.abc import Iterable

import orjson

from apps.agents.blueprints import Desk, Typed
from apps.blueprints.figures import Receipts, is_backed, with_receipts
from apps.core.reports import Prose

MOST_TOLD = 12_000


class Summary(Typed):
    """What a model says, sentence by sentence."""

    sentences: list[str]


def summary_of(desk: Desk, computed: Typed, *, receipts: Receipts, names: Iterable[str]) -> Summary | None:
    """Have a model answer the prompt `summary` about what was computed; None where none writes, or a figure of it has no receipt and is no name."""
    told = orjson.dumps(computed.model_dump(mode="json")).decode()[:MOST_TOLD]
    said = desk.ask("summary", "summary", Summary, figures=told, language=desk.language)
    values = (value for each in receipts.values() for value in each)
    is_shown = said is not None and is_backed("\n".join(said.sentences), values=values, names=names)
    return said if is_shown else None


def said_of(summary: Summary | None, *, receipts: Receipts, names: Iterable[str]) -> list[Prose]:
    """Return the sentences as a part of a report, each figure with a link to its receipt; none where nobody wrote them."""
    if summary is None:
        return []
    named = list(names)
    return [Prose("\n\n".join(with_receipts(each, receipts, named) for each in summary.sentences))]
