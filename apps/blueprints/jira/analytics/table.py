"""Issues from a table of changes, where no Jira is connected: a row for each change of a status, and one for an issue that never changed."""

from datetime import UTC, datetime

from dateutil import parser
from django.utils.translation import gettext as _

from apps.agents.blueprints import StepFailed
from apps.blueprints.cells import columns_in
from apps.blueprints.jira.issues import Issue, Issues, Move
from apps.knowledge.types import Sheet

COLUMNS = {
    "key": ("key", "issue", "issue key", "schlüssel", "vorgang"),
    "summary": ("summary", "title", "zusammenfassung", "titel"),
    "type": ("type", "issue type", "typ", "vorgangstyp"),
    "created": ("created", "erstellt"),
    "at": ("changed", "at", "date", "geändert", "am"),
    "was": ("from", "from status", "von"),
    "now": ("to", "to status", "nach", "status"),
}
NEEDED = ("key", "created", "at", "was", "now")
_NEW = {"to do", "open", "new", "backlog", "ready", "offen", "neu", "zu erledigen", "bereit"}
_DONE = {"done", "closed", "resolved", "released", "rejected", "erledigt", "geschlossen", "gelöst", "abgelehnt"}


def issues_in(sheet: Sheet, document: str) -> Issues:
    """Read the issues of a table. Raises StepFailed for one that lacks a column, or has a moment that is none."""
    head, *rows = sheet.rows
    columns = columns_in(head, COLUMNS)
    missing = [COLUMNS[name][0] for name in NEEDED if name not in columns]
    if missing:
        raise StepFailed(_("The table has no column for: %(names)s") % {"names": ", ".join(missing)})
    found: dict[str, Issue] = {}
    for number, row in enumerate(rows, 2):
        cells = {name: row[at].strip() if at < len(row) else "" for name, at in columns.items()}
        if cells["key"]:
            _add(found, cells, number)
    issues = [
        each.model_copy(update={"moves": sorted(each.moves, key=lambda move: move.at)}) for each in found.values()
    ]
    issues = [each.model_copy(update={"status": each.moves[-1].now}) if each.moves else each for each in issues]
    return Issues(site="", jql=document, issues=issues, is_cut=False)


def _add(found: dict[str, Issue], cells: dict[str, str], number: int) -> None:
    key = cells["key"]
    if key not in found:
        about = {name: cells.get(name, "") for name in ("key", "summary", "type")}
        created = _moment(cells["created"], number)
        found[key] = Issue(**about, status=cells["now"], priority="", created=created, moves=[], sprints=[])
    if cells["at"]:
        found[key].moves.append(Move(at=_moment(cells["at"], number), was=cells["was"], now=cells["now"]))


def _moment(text: str, number: int) -> datetime:
    """Return a moment; one without a zone is in UTC."""
    try:
        read = parser.parse(text, dayfirst=not text[:4].isdecimal())
    except (ValueError, OverflowError):
        words = _("Row %(n)d: “%(text)s” is no day or time.")
        raise StepFailed(words % {"n": number, "text": text[:60]}) from None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)


def category_by_name(name: str) -> str:
    """Return the category of a status that only has a name; what is neither new nor done is worked on."""
    bare = name.strip().casefold()
    return "new" if bare in _NEW else "done" if bare in _DONE else "indeterminate"
