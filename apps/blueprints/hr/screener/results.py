"""What screening comes to, and how that is read."""

from decimal import Decimal
from typing import Literal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.agents.blueprints import Typed
from apps.blueprints.figures import Figure, counted
from apps.core.charts import MOST_LABELS, Chart, Series
from apps.core.reports import Facts, Heading, Part, Prose, Report, Table

By = Literal["words", "years", "model"]


class Criterion(Typed):
    """What is looked for; with `years` it is that long an experience that counts."""

    id: str
    text: str
    weight: Decimal
    is_must: bool
    years: int


class Line(Typed):
    """A paragraph of a résumé, covered; `page` counts from 1, null in files without pages."""

    text: str
    page: int | None
    is_schooling: bool


class Resume(Typed):
    """A résumé as it is scored: nothing in it says whose it is. `covered` counts what was covered, by mark."""

    label: str
    language: str
    lines: list[Line]
    covered: dict[str, int]


class Unread(Typed):
    """A file that could not be read, and why."""

    document: str
    reason: str


class Reading(Typed):
    """The résumés in the order in which they came, those that could not be read left out; `documents` names their files by label."""

    resumes: list[Resume]
    documents: dict[str, str]
    unread: list[Unread]


class Criteria(Typed):
    criteria: list[Criterion]


class Quote(Typed):
    """Where something stands, word for word as it is covered."""

    text: str
    page: int | None


class Score(Typed):
    """How far one criterion is met, from 0 to 1, with what shows it; `why` is what a model says."""

    criterion: str
    value: Decimal
    how: str
    by: By
    quotes: list[Quote]
    why: str


class Scores(Typed):
    """The scores by label, in the order of the criteria."""

    scores: dict[str, list[Score]]


class Judgement(Typed):
    """What a model makes of one criterion; `points` from 0 (nothing of it) to 4 (all of it), `quote` word for word from the résumé."""

    criterion: str
    points: int
    quote: str
    why: str


class Judgements(Typed):
    judgements: list[Judgement]


class Candidate(Typed):
    """A candidate with a place: those who miss a must come after all others. The same total has the same rank."""

    label: str
    rank: int
    total: Figure
    misses: list[str]
    is_invited: bool
    scores: list[Score]


class GroupRate(Typed):
    """How many of a group are invited; `ratio` to the group with the highest rate, `chance` the p-value of Fisher's exact test against it."""

    group: str
    invited: int
    people: int
    rate: Figure
    ratio: Figure
    chance: Decimal
    is_below: bool


class Impact(Typed):
    """The rates of the groups of one attribute."""

    attribute: str
    best: str
    rates: list[GroupRate]


class Screening(Typed):
    """All of it. `places` are invited; 0: none are, it only ranks."""

    places: int
    criteria: list[Criterion]
    candidates: list[Candidate]
    impacts: list[Impact]
    documents: dict[str, str]
    covered: dict[str, dict[str, int]]
    unread: list[Unread]


def report_of(screening: Screening) -> Report:
    """Return what people read: the ranking, what shows each score, the figures by group, and whose résumé is whose at the end."""
    return Report(
        (
            Prose(_("The ranking is a proposal that rests on what the résumés say. Somebody decides.")),
            Facts(_facts(screening)),
            *_chart(screening),
            Heading(_("Ranking")),
            _ranking(screening),
            Heading(_("Criteria")),
            Table(
                (_("Id"), _("Criterion"), _("Weight"), _("Must")),
                [(each.id, each.text, counted(each.weight), _("yes") if each.is_must else "") for each in screening.criteria],
            ),
            *(part for candidate in screening.candidates for part in _candidate(candidate, screening)),
            *(part for impact in screening.impacts for part in _impact(impact)),
            Heading(_("What was covered")),
            Table(
                (_("Candidate"), _("Names"), _("Contacts"), _("Age, origin, family, faith, sex")),
                [(label, *(str(found.get(mark, 0)) for mark in ("[name]", "[contact]", "[covered]"))) for label, found in screening.covered.items()],
            ),
            Heading(_("Whose résumé it is")),
            Table((_("Candidate"), _("File")), list(screening.documents.items())),
            *_unread(screening),
        )
    )  # fmt: skip


def _facts(screening: Screening) -> list[tuple[str, str]]:
    number = len(screening.candidates)
    facts = [(_("Read"), ngettext("%(n)d résumé", "%(n)d résumés", number) % {"n": number})]
    if screening.places:
        facts.append((_("Invited"), str(sum(each.is_invited for each in screening.candidates))))
    missing = sum(bool(each.misses) for each in screening.candidates)
    return [*facts, (_("Miss something that is a must"), str(missing))]


def _chart(screening: Screening) -> list[Part]:
    drawn = screening.candidates[:MOST_LABELS]
    if len(drawn) < 2:
        return []
    series = Series(_("Points"), tuple(float(each.total.value) for each in drawn))
    return [Chart(_("Points of 100"), tuple(each.label for each in drawn), (series,))]


def _ranking(screening: Screening) -> Table:
    rows = [
        (
            str(each.rank),
            each.label,
            counted(each.total.value),
            each.total.how,
            ", ".join(each.misses) or "–",
            *([_("yes") if each.is_invited else ""] if screening.places else []),
        )
        for each in screening.candidates
    ]
    invited = [_("Invited")] if screening.places else []
    return Table((_("Place"), _("Candidate"), _("Points"), _("How"), _("Misses"), *invited), rows)


def _candidate(candidate: Candidate, screening: Screening) -> list[Part]:
    texts = {each.id: each.text for each in screening.criteria}
    rows = [
        (
            f"{score.criterion} {texts[score.criterion]}",
            counted(score.value),
            score.how if not score.why else f"{score.how}: {score.why}",
            " … ".join(f"“{quote.text}”{_place(quote)}" for quote in score.quotes) or "–",
        )
        for score in candidate.scores
    ]
    title = _("Place %(rank)d: %(label)s") % {"rank": candidate.rank, "label": candidate.label}
    return [Heading(title, 3), Table((_("Criterion"), _("Score"), _("How"), _("What the résumé says")), rows)]


def _place(quote: Quote) -> str:
    return " " + _("(page %(page)d)") % {"page": quote.page} if quote.page else ""


def _impact(impact: Impact) -> list[Part]:
    title = _("Those invited, by %(attribute)s") % {"attribute": impact.attribute}
    head = (_("Group"), _("Invited"), _("Rate"), _("Beside the highest"), _("How"), _("Chance alone"), _("Note"))
    rows = [
        (
            each.group,
            f"{each.invited} / {each.people}",
            counted(each.rate.value),
            counted(each.ratio.value),
            each.ratio.how,
            counted(each.chance),
            _("below four fifths") if each.is_below else "",
        )
        for each in impact.rates
    ]
    return [Heading(title), Table(head, rows)]


def _unread(screening: Screening) -> list[Part]:
    if not screening.unread:
        return []
    rows = [(each.document, each.reason) for each in screening.unread]
    return [Heading(_("Not read")), Table((_("File"), _("Reason")), rows)]
