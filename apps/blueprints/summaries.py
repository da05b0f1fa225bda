"""What a model says about figures that were computed: shown when it names none but those."""

from collections.abc import Iterable
from decimal import Decimal

import orjson

from apps.agents.blueprints import Desk, Typed
from apps.blueprints.figures import is_backed

MOST_TOLD = 12_000


class Summary(Typed):
    """What a model says, sentence by sentence."""

    sentences: list[str]


def summary_of(desk: Desk, computed: Typed, *, values: Iterable[Decimal], names: Iterable[str]) -> Summary | None:
    """Have a model answer the prompt `summary` about what was computed; None where none writes, or a figure of it is none of the values or names."""
    told = orjson.dumps(computed.model_dump(mode="json")).decode()[:MOST_TOLD]
    said = desk.ask("summary", "summary", Summary, figures=told, language=desk.language)
    is_shown = said is not None and is_backed("\n".join(said.sentences), values=values, names=names)
    return said if is_shown else None
