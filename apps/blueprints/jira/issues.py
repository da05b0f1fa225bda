"""Issues of Jira as steps get them: page by page through a tool of the agent's, with its rights and its consent."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from apps.agents.blueprints import Desk, Typed
from apps.blueprints.sites import asked, site_of

FIND, STATUSES, SPRINT = "_find_issues", "_list_statuses", "_read_sprint"
MOST_ISSUES, A_PAGE = 20_000, 100


class Move(Typed):
    """An issue that changed its status, or (`sprint`) the sprints it is in, by their numbers with commas between them."""

    at: datetime
    was: str
    now: str


class Issue(Typed):
    """An issue: `moves` between statuses and `sprints` between sprints in the order in which they came."""

    key: str
    summary: str
    type: str
    status: str
    priority: str
    created: datetime
    moves: list[Move]
    sprints: list[Move]


class Issues(Typed):
    """What a query found; `is_cut`: there were more than are looked at."""

    site: str
    jql: str
    issues: list[Issue]
    is_cut: bool


def has_site(desk: Desk) -> bool:
    """Say whether the agent has a Jira."""
    return any(name.endswith(FIND) for name in desk.tools())


def jira_of(desk: Desk) -> str:
    """Return what the names of the tools of the agent's Jira begin with. Raises StepFailed."""
    missing = _("This agent has no Jira. Connect one, choose “Find issues” there, and give it to the agent.")
    return site_of(desk, FIND, missing)


def find(desk: Desk, site: str, jql: str, *, with_changes: bool, most: int | None = None) -> Issues:
    """Return the issues of a query, `most` (or 20,000) at most. Raises StepFailed with what Jira says of it."""
    found: dict[str, Issue] = {}
    most, page, number = most or MOST_ISSUES, "", 0
    while len(found) < most:
        about = {"jql": jql, "page": page, "per_page": min(A_PAGE, most), "with_changes": with_changes}
        told = asked(desk, f"page-{number}", site + FIND, **about)
        fresh = [_issue(raw) for raw in told["issues"] if raw["created"]]
        found |= {issue.key: issue for issue in fresh}
        following = str(told["next"])
        if not following or following == page or not fresh:
            return Issues(site=site, jql=jql, issues=list(found.values()), is_cut=False)
        page, number = following, number + 1
    return Issues(site=site, jql=jql, issues=list(found.values())[:most], is_cut=True)


def _issue(raw: Mapping[str, Any]) -> Issue:
    moves = {field: [each for each in raw["changes"] if each["field"] == field] for field in ("status", "sprint")}
    return Issue(
        **{name: raw[name] for name in ("key", "summary", "type", "status", "priority", "created")},
        moves=[Move(at=each["at"], was=each["was"], now=each["now"]) for each in moves["status"]],
        sprints=[Move(at=each["at"], was=each["was"], now=each["now"]) for each in moves["sprint"]],
    )


def categories_of(desk: Desk, site: str) -> dict[str, str]:
    """Return the category of each status by its name: `new`, `indeterminate` or `done`. Raises StepFailed."""
    told = asked(desk, "statuses", site + STATUSES)
    return {str(each["name"]): str(each["category"]) for each in told["statuses"]}
