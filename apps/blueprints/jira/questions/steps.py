"""The steps of a question: write the query, have Jira find what it finds."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.agents.blueprints import Desk, Step, StepFailed
from apps.blueprints.jira.issues import find, has_site, jira_of
from apps.blueprints.jira.questions.results import Answer, Found, Proposed, Query
from apps.blueprints.jira.questions.wording import conditions_in, jql_of

MOST_SHOWN, JQL_CHARS = 200, 2_000


def write(desk: Desk) -> Query:
    """Write the query: the one in the form, a model's, or that of the words that are recognised."""
    given, question = desk.values.get("jql", "").strip(), desk.values["question"]
    if given:
        return Query(jql=given, by="person", conditions=[], why="")
    said = desk.ask("jql", "jql", Proposed, question=question, today=desk.today.isoformat())
    if said is not None and 0 < len(said.jql.strip()) <= JQL_CHARS:
        return Query(jql=" ".join(said.jql.split()), by="model", conditions=[], why=said.why)
    conditions = conditions_in(question)
    if not conditions:
        words = _(
            "Nothing in this question could be made a query. Name a project, a kind, a status or a time, or write the JQL yourself."
        )
        raise StepFailed(words)
    return Query(jql=jql_of(question, conditions), by="words", conditions=conditions, why="")


def look(desk: Desk) -> Answer:
    """Have Jira find the issues; without one the query stands alone."""
    query = desk.of(WRITE)
    if not has_site(desk):
        return Answer(question=desk.values["question"], query=query, issues=[], is_cut=False, is_asked=False)
    found = find(desk, jira_of(desk), query.jql, with_changes=False, most=MOST_SHOWN)
    names = ("key", "summary", "type", "status", "priority", "created")
    issues = [Found(**{name: getattr(issue, name) for name in names}) for issue in found.issues]
    return Answer(question=desk.values["question"], query=query, issues=issues, is_cut=found.is_cut, is_asked=True)


WRITE = Step("write", gettext_lazy("Write the query"), Query, write)
LOOK = Step("look", gettext_lazy("Find the issues"), Answer, look)
