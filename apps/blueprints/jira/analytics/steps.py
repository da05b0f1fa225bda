"""The steps of the analytics: find the issues with what changed on them, compute how they flow, say what came out."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.agents.blueprints import Desk, Step, StepFailed, Typed
from apps.blueprints.jira.analytics.flow import flow_of, sprint_of
from apps.blueprints.jira.analytics.results import Analytics, Flow, names_of, receipts_of
from apps.blueprints.jira.analytics.table import category_by_name, issues_in
from apps.blueprints.jira.issues import SPRINT, Issues, categories_of, find, jira_of
from apps.blueprints.sites import asked
from apps.blueprints.summaries import summary_of

MOST_WEEKS = 104


class Categories(Typed):
    """The category of each status, by its name."""

    categories: dict[str, str]


def fetch(desk: Desk) -> Issues:
    """Find the issues, with when their status changed: in Jira, or in a table that was given."""
    if desk.values.get("table"):
        return issues_in(desk.sheets("table")[0], desk.name_of("table"))
    jql = desk.values.get("jql", "")
    if not jql and not desk.values.get("sprint"):
        raise StepFailed(_("Write which issues, as JQL, or give a table of changes."))
    sprint = desk.values.get("sprint")
    if sprint:
        jql = f"sprint = {int(Decimal(sprint))}"
    return find(desk, jira_of(desk), jql, with_changes=True)


def learn(desk: Desk) -> Categories:
    """Learn which statuses are new, worked on and done."""
    found = desk.of(FETCH)
    if not found.site:
        names = {name for issue in found.issues for name in (issue.status, *(move.was for move in issue.moves))}
        return Categories(categories={name: category_by_name(name) for name in names})
    return Categories(categories=categories_of(desk, found.site))


def compute(desk: Desk) -> Flow:
    """Compute how the issues flow."""
    found, categories = desk.of(FETCH), desk.of(LEARN).categories
    if not found.issues:
        raise StepFailed(_("Jira found no issue for: %(jql)s") % {"jql": found.jql})
    weeks = min(max(1, int(Decimal(desk.values.get("weeks") or 12))), MOST_WEEKS)
    first = desk.today - timedelta(days=7 * weeks - 1)
    sprint = None
    if desk.values.get("sprint") and found.site:
        number = int(Decimal(desk.values["sprint"]))
        about = asked(desk, "sprint", found.site + SPRINT, sprint=number)
        if not about.get("start"):
            raise StepFailed(_("This sprint has not begun."))
        now = datetime.combine(desk.today + timedelta(days=1), time(), UTC)
        sprint = sprint_of(about, found.issues, number, categories, now)
    return flow_of(found, categories, first, desk.today, sprint)


def say(desk: Desk) -> Analytics:
    """Have a model say what came out; a figure that was not computed has all of it left out."""
    flow = desk.of(COMPUTE)
    summary = summary_of(desk, flow, receipts=receipts_of(flow), names=names_of(flow))
    return Analytics(summary=summary, flow=flow)


FETCH = Step("fetch", gettext_lazy("Find the issues"), Issues, fetch)
LEARN = Step("learn", gettext_lazy("Learn what their statuses mean"), Categories, learn)
COMPUTE = Step("compute", gettext_lazy("Compute how they flow"), Flow, compute)
SAY = Step("say", gettext_lazy("Say what came out"), Analytics, say)
