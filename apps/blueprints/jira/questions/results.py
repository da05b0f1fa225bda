"""What a question comes to, and how that is read."""

from datetime import datetime
from typing import Literal

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.agents.blueprints import Typed
from apps.core.reports import Facts, Heading, Part, Prose, Report, Table


class Condition(Typed):
    """A condition of a query, and the words of the question that it comes from."""

    jql: str
    words: str


class Query(Typed):
    """The query: as it was written into the form, by a model, or by the words that are recognised."""

    jql: str
    by: Literal["person", "model", "words"]
    conditions: list[Condition]
    why: str


class Proposed(Typed):
    """What a model makes of a question; `why` says in a sentence how it understood it."""

    jql: str
    why: str


class Found(Typed):
    """An issue that was found."""

    key: str
    summary: str
    type: str
    status: str
    priority: str
    created: datetime


class Answer(Typed):
    """The query with the first issues that it finds; `is_cut`: there are more, `is_asked`: the agent has a Jira."""

    question: str
    query: Query
    issues: list[Found]
    is_cut: bool
    is_asked: bool


def report_of(answer: Answer) -> Report:
    """Return what people read: the query, how it came about, and the issues."""
    return Report(
        (
            Facts(_facts(answer)),
            *([Prose(answer.query.why)] if answer.query.why else []),
            *_understood(answer.query),
            *_issues(answer),
        )
    )


def _facts(answer: Answer) -> list[tuple[str, str]]:
    number = len(answer.issues)
    found = ngettext("%(n)d issue", "%(n)d issues", number) % {"n": number}
    more = _("%(found)s, and more") % {"found": found} if answer.is_cut else found
    by = {"person": _("as it was written"), "model": _("by a model"), "words": _("by the words below")}
    found = more if answer.is_asked else _("Nothing was asked: this agent has no Jira.")
    return [("JQL", answer.query.jql), (_("Written"), by[answer.query.by]), (_("Found"), found)]


def _understood(query: Query) -> list[Part]:
    if not query.conditions:
        return []
    return [
        Prose(_("Change the JQL in the form and run it again where it is not what you meant.")),
        Table((_("Words"), "JQL"), [(each.words, each.jql) for each in query.conditions]),
    ]


def _issues(answer: Answer) -> list[Part]:
    if not answer.issues:
        return []
    head = (_("Key"), _("Summary"), _("Type"), _("Status"), _("Priority"), _("Created"))
    rows = [
        (each.key, each.summary, each.type, each.status, each.priority, date_format(each.created))
        for each in answer.issues
    ]
    return [Heading(_("Issues")), Table(head, rows)]
