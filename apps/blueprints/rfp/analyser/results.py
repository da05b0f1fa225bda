"""What the steps of the analyser come to, and how the last of it is read."""

from collections import Counter
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.agents.blueprints import Typed
from apps.blueprints.rfp.wording import Obligation
from apps.core.reports import Facts, Heading, Part, Prose, Report, Table


class Sentence(Typed):
    """A sentence, or a row of a table, where it stands; `page` counts from 1, null in files without pages."""

    text: str
    section: str
    page: int | None


class Reading(Typed):
    """A tender as its sentences."""

    document: str
    sentences: list[Sentence]


class Requirement(Typed):
    """Something that is wanted, word for word; `id` is the tender's own where it gives one."""

    id: str
    text: str
    obligation: Obligation
    section: str
    page: int | None


class Requirements(Typed):
    requirements: list[Requirement]


class Deadline(Typed):
    """A day that a sentence of the tender names."""

    day: date
    text: str
    page: int | None


class Criterion(Typed):
    """What offers are judged by; `weight` in per cent."""

    text: str
    weight: float
    page: int | None


class Terms(Typed):
    deadlines: list[Deadline]
    criteria: list[Criterion]


class Summary(Typed):
    """What a model writes about a tender."""

    purpose: str
    risks: list[str]


class Analysis(Typed):
    """What the analyser found. `summary` is null where no model wrote one, or one with figures that the tender does not have."""

    document: str
    summary: Summary | None
    requirements: list[Requirement]
    deadlines: list[Deadline]
    criteria: list[Criterion]


def report_of(analysis: Analysis) -> Report:
    """Return what people read: what it is about, the dates, the criteria, and every requirement."""
    return Report(
        (
            *_summary(analysis),
            Facts(_counts(analysis)),
            *_table(
                _("Deadlines"),
                (_("Day"), _("What the tender says"), _("Page")),
                [(date_format(each.day), each.text, _page(each.page)) for each in analysis.deadlines],
            ),
            *_table(
                _("Evaluation criteria"),
                (_("Weight"), _("What the tender says"), _("Page")),
                [(f"{each.weight:g} %", each.text, _page(each.page)) for each in analysis.criteria],
            ),
            *_table(
                _("Requirements"),
                (_("Id"), _("Obligation"), _("Requirement"), _("Section"), _("Page")),
                [
                    (each.id, _words(each.obligation), each.text, each.section, _page(each.page))
                    for each in analysis.requirements
                ],
            ),
        )
    )


def _summary(analysis: Analysis) -> list[Part]:
    if analysis.summary is None:
        return []
    risks = "\n".join(f"- {risk}" for risk in analysis.summary.risks)
    told: list[Part] = [Heading(_("Risks")), Prose(risks)] if risks else []
    return [Prose(analysis.summary.purpose), *told]


def _counts(analysis: Analysis) -> list[tuple[str, str]]:
    number = Counter(each.obligation for each in analysis.requirements)
    total = len(analysis.requirements)
    found = ngettext("%(n)d requirement", "%(n)d requirements", total) % {"n": total}
    parts = [f"{number[key]} × {_words(key)}" for key in ("must", "should", "may") if number[key]]
    return [(_("Document"), analysis.document), (_("Found"), ", ".join([found, *parts]))]


def _table(title: str, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[Part]:
    return [Heading(title), Table(columns, rows)] if rows else []


def _words(obligation: Obligation) -> str:
    return {"must": _("must"), "should": _("should"), "may": _("may")}[obligation]


def _page(page: int | None) -> str:
    return str(page) if page else "–"
