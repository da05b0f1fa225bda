"""The steps of the checker: requirements by wording, evidence by search, a judgement by a model where its quote stands in the source."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.agents.blueprints import Desk, Step, StepFailed
from apps.blueprints.quotes import Passage, best_quote, passages_in, shared_words
from apps.blueprints.rfp.analyser.results import Requirement
from apps.blueprints.rfp.analyser.steps import READ, REQUIREMENTS
from apps.blueprints.rfp.compliance.results import Found, Judgement, Judgements, Matrix, Row

T = TypeVar("T")
MOST_REQUIREMENTS, A_QUESTION = 300, 8
LEAST_SHARED = 0.5
_OF_EVERY_TENDER = (
    "supplier contractor vendor bidder tenderer offeror respondent provider must shall should may required"
    " Auftragnehmer Bieter Anbieter Lieferant muss müssen soll sollen sollte darf"
)


def find(desk: Desk) -> Found:
    """Search the documents for each requirement."""
    passages = {}
    for requirement in _looked_at(desk):
        result = desk.use(requirement.id, "search_knowledge", query=requirement.text[:2_000])
        if "error" in result:
            raise StepFailed(
                _("The documents cannot be searched: %(reason)s Give the agent a collection.")
                % {"reason": result["error"]}
            )
        passages[requirement.id] = passages_in(result)
    return Found(passages=passages)


def judge(desk: Desk) -> Matrix:
    """Have a model judge what was found; what it cannot show by a quote stands as code sees it."""
    wanted, found = _looked_at(desk), desk.of(FIND).passages
    rows: list[Row] = []
    for number, some in enumerate(slices(wanted)):
        said = desk.ask(f"{number}", "judge", Judgements, requirements=told(some, found), language=desk.language)
        by_id = {each.id: each for each in said.judgements} if said else {}
        rows += [_row(each, found[each.id], by_id.get(each.id)) for each in some]
    left_out = len(desk.of(REQUIREMENTS).requirements) - len(wanted)
    return Matrix(document=desk.of(READ).document, rows=rows, left_out=left_out)


def _looked_at(desk: Desk) -> list[Requirement]:
    return desk.of(REQUIREMENTS).requirements[:MOST_REQUIREMENTS]


def slices(wanted: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield as many as a model is asked about at once."""
    for start in range(0, len(wanted), A_QUESTION):
        yield wanted[start : start + A_QUESTION]


def told(wanted: Sequence[Requirement | Row], found: Mapping[str, Sequence[Passage]]) -> str:
    """Return requirements with their passages, as a model is told them."""
    parts = []
    for requirement in wanted:
        passages = [f'<passage number="{each.number}">{each.text}</passage>' for each in found[requirement.id]]
        parts.append("\n".join([f"Requirement {requirement.id}: {requirement.text}", *passages]))
    return "\n\n".join(parts)


def _row(requirement: Requirement, passages: Sequence[Passage], said: Judgement | None) -> Row:
    about = {name: getattr(requirement, name) for name in ("id", "text", "obligation", "page")}
    source = next((each for each in passages if said is not None and each.number == said.passage), None)
    if said is not None and said.status != "cannot_say" and source is not None and _stands_in(said.quote, source.text):
        shared = shared_words(requirement.text, said.quote, aside=_OF_EVERY_TENDER)
        return Row(**about, status=said.status, quote=said.quote, source=source, shared=shared, why=said.why)
    quote, source, shared = best_quote(requirement.text, passages, aside=_OF_EVERY_TENDER)
    if shared[0] < LEAST_SHARED * max(1, shared[1]):
        return Row(**about, status="nothing", quote="", source=None, shared=shared, why="")
    return Row(**about, status="evidence", quote=quote, source=source, shared=shared, why="")


def _stands_in(quote: str, text: str) -> bool:
    wanted = " ".join(quote.split()).lower()
    return bool(wanted) and wanted in " ".join(text.split()).lower()


FIND = Step("find", gettext_lazy("Search the documents for each"), Found, find)
JUDGE = Step("judge", gettext_lazy("Compare them"), Matrix, judge, folder=Path(__file__).parent)
