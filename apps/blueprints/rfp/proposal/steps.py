"""The steps of the writer: requirements, evidence and its judgement as the compliance checker finds them, then an answer to each."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy

from apps.agents.blueprints import Desk, Step
from apps.blueprints.figures import is_backed
from apps.blueprints.quotes import Passage, places_of
from apps.blueprints.rfp.analyser.steps import READ, REQUIREMENTS
from apps.blueprints.rfp.compliance.results import Row
from apps.blueprints.rfp.compliance.steps import FIND, JUDGE, slices, told
from apps.blueprints.rfp.proposal.results import Answer, Proposal, Section, Texts, Written


def write(desk: Desk) -> Proposal:
    """Have a model answer each requirement from its passages; what it cannot back, and all of it without a model, is quoted or left open."""
    rows, found = desk.of(JUDGE).rows, desk.of(FIND).passages
    sections_of = {each.id: each.section for each in desk.of(REQUIREMENTS).requirements}
    answers: list[Answer] = []
    for number, some in enumerate(slices(rows)):
        said = desk.ask(f"{number}", "write", Texts, requirements=told(some, found), language=desk.language)
        by_id = {each.id: each for each in said.answers} if said else {}
        answers += [_answer(row, found[row.id], by_id.get(row.id)) for row in some]
    titles = dict.fromkeys(sections_of[answer.row.id] for answer in answers)
    return Proposal(
        document=desk.of(READ).document,
        client=desk.values.get("client", ""),
        solution=desk.values.get("solution", ""),
        price=desk.values.get("price", ""),
        sections=[
            Section(title=title, answers=[answer for answer in answers if sections_of[answer.row.id] == title])
            for title in titles
        ],
        open=[answer.row.id for answer in answers if answer.by == "nobody"],
    )


def _answer(row: Row, passages: Sequence[Passage], written: Written | None) -> Answer:
    used = [each for each in passages if written is not None and each.number in written.passages]
    said = "\n".join([row.text, *(each.text for each in used)])
    if written is not None and written.answer.strip() and used and is_backed(written.answer, said=said):
        return Answer(row=row, by="model", text=written.answer.strip(), sources=places_of(used))
    if row.source is not None:
        return Answer(row=row, by="quote", text=row.quote, sources=places_of([row.source]))
    return Answer(row=row, by="nobody", text="", sources=[])


WRITE = Step("write", gettext_lazy("Write the answers"), Proposal, write)
