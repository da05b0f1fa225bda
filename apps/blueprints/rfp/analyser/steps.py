"""The steps of the analyser. What can be found by wording is found in code; a model writes what it is about."""

import re
from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.agents.blueprints import Desk, Step, StepFailed
from apps.blueprints.figures import is_backed
from apps.blueprints.rfp import wording
from apps.blueprints.rfp.analyser.results import (
    Analysis,
    Criterion,
    Deadline,
    Reading,
    Requirement,
    Requirements,
    Sentence,
    Summary,
    Terms,
)
from apps.core.language import sentences
from apps.knowledge.types import Block

LEAST_CHARS, MOST_CHARS = 12, 1_500
TOLD_REQUIREMENTS = 60
_RULE = re.compile(r"^[\s|:-]*$")
_CONTENTS = re.compile(r"(?:\.\s?){5,}\d{1,4}\b")
_LEADERS = re.compile(r"[^\s:.]\s*(?:\.\s?){5,}(?:\d{1,4})?$")
"""What leads to a page in a table of contents, which says nothing that the tender does not say elsewhere; behind a colon dots are to be filled in."""


def read(desk: Desk) -> Reading:
    """Take the tender apart into sentences."""
    found = [sentence for block in desk.read("tender") for sentence in _sentences(block)]
    return Reading(document=desk.name_of("tender"), sentences=found)


def find_requirements(desk: Desk) -> Requirements:
    """Find every sentence that obliges, advises or allows, under the tender's own id or the next number."""
    taken: set[str] = set()
    found: list[Requirement] = []
    for sentence in desk.of(READ).sentences:
        own, text = wording.own_id(sentence.text)
        obligation = wording.obligation_in(text)
        if obligation is None:
            continue
        key = own if own and own not in taken else f"R{len(found) + 1}"
        taken.add(key)
        place = {"section": sentence.section, "page": sentence.page}
        found.append(Requirement(id=key, text=text, obligation=obligation, **place))  # type: ignore[arg-type]
    if not found:
        raise StepFailed(_("No requirement was found. Is this the tender itself, in English or German?"))
    return Requirements(requirements=found)


def find_terms(desk: Desk) -> Terms:
    """Find the days that the tender names, the soonest first, and what offers are judged by."""
    said = desk.of(READ).sentences
    days = [(wording.deadline_in(each.text), each) for each in said]
    deadlines = [Deadline(day=day, text=each.text, page=each.page) for day, each in days if day is not None]
    criteria = [
        Criterion(weight=weight, text=text, page=each.page)
        for each in said
        for text, weight in wording.weights_in(each.text, each.section)
    ]
    return Terms(deadlines=sorted(deadlines, key=lambda each: each.day), criteria=criteria)


def put_together(desk: Desk) -> Analysis:
    """Have a model say what the tender is about, from its beginning and its requirements; figures that it makes up are not shown."""
    reading, requirements, terms = desk.of(READ), desk.of(REQUIREMENTS).requirements, desk.of(TERMS)
    beginning = "\n".join(sentence.text for sentence in reading.sentences[:40])
    wanted = "\n".join(f"- {each.text}" for each in requirements[:TOLD_REQUIREMENTS])
    summary = desk.ask("about", "summary", Summary, beginning=beginning, requirements=wanted, language=desk.language)
    said = "\n".join(sentence.text for sentence in reading.sentences)
    if summary is not None and not is_backed("\n".join([summary.purpose, *summary.risks]), said=said):
        summary = None
    return Analysis(
        document=reading.document,
        summary=summary,
        requirements=requirements,
        deadlines=terms.deadlines,
        criteria=terms.criteria,
    )


def _sentences(block: Block) -> Iterator[Sentence]:
    section = block.headings[-1] if block.headings else ""
    lines = block.text.splitlines() if block.is_table else [block.text]
    for line in lines:
        is_contents = _CONTENTS.search(line)
        spans = [(0, len(line))] if block.is_table else sentences(line)
        for start, end in spans:
            text = " ".join(line[start:end].replace("|", " ").split())
            is_title = is_contents and _LEADERS.search(text)
            if len(text) >= LEAST_CHARS and not _RULE.match(text) and not is_title:
                yield Sentence(text=text[:MOST_CHARS], section=section, page=block.page)


READ = Step("read", gettext_lazy("Read the tender"), Reading, read)
REQUIREMENTS = Step("requirements", gettext_lazy("Find the requirements"), Requirements, find_requirements)
TERMS = Step("terms", gettext_lazy("Find deadlines and criteria"), Terms, find_terms)
ANALYSIS = Step("analysis", gettext_lazy("Put it together"), Analysis, put_together)
