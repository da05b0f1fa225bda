"""JQL from plain words, English and German: what is recognised becomes a condition, and says which words it comes from."""

import re
from collections.abc import Iterator, Sequence

from apps.blueprints.jira.questions.results import Condition

_KEY = re.compile(r"\b[A-Z][A-Z0-9]{1,9}-\d+\b")
_PROJECT = re.compile(
    r"\b(?:project|projekt|in|of|von|for|für)\s+(?:the\s+|dem\s+)?(?:project\s+|projekt\s+)?[“\"„]?([A-Z][A-Z0-9]{1,9})\b"
)
_QUOTED = re.compile(r"[“„\"«]([^”“\"»]{2,100})[”“\"»]")
_UNITS = {"d": r"days?|tage?n?", "w": r"weeks?|wochen?", "M": r"months?|monate?n?"}
_UNIT = "|".join(_UNITS.values())
_NUMBERS = {
    word: number
    for number, words in enumerate(
        ("one eine einen", "two zwei", "three drei", "four vier", "five fünf", "six sechs", "seven sieben", "eight acht", "nine neun", "ten zehn"), 1
    )
    for word in words.split()
}  # fmt: skip
_NUMBER = "|".join(_NUMBERS)
_LAST = rf"(?:(?:in\s+)?(?:the\s+|den\s+)?(?:last|past|letzten|vergangenen)\s+(?P<n>\d{{1,3}}|{_NUMBER})?\s*(?P<unit>{_UNIT}))"
_WHEN = (
    ("created", r"created|opened|reported|new|erstellt\w*|angelegt\w*|neue\w*|gemeldet\w*"),
    ("resolved", r"resolved|closed|done|finished|erledigt\w*|geschlossen\w*|gelöst\w*"),
    ("updated", r"updated|changed|geändert\w*|aktualisiert\w*"),
)
_KINDS = (
    ("Bug", r"bugs?|defects?|fehler"),
    ("Story", r"stor(?:y|ies)|storys?"),
    ("Epic", r"epics?"),
    ("Task", r"tasks?|aufgaben?"),
)
_STATES = (
    ("statusCategory != Done", r"open|unresolved|unfinished|not done|offen\w*|ungelöst\w*|unerledigt\w*"),
    ('statusCategory = "In Progress"', r"in progress|being worked on|in arbeit|in bearbeitung"),
    ('statusCategory = "To Do"', r"to ?do|not (?:yet )?(?:started|begun)|nicht begonnen\w*"),
    ("statusCategory = Done", r"done|closed|resolved|finished|erledigt\w*|geschlossen\w*|gelöst\w*"),
)
_OTHERS = (
    ("assignee is EMPTY", r"unassigned|without (?:an )?assignee|nobody|nicht zugewiesen\w*|ohne bearbeiter\w*"),
    (
        "priority in (Highest, High)",
        r"high(?:est)? priority|critical|urgent|blockers?|hohe\w* priorität|dringend\w*|kritisch\w*",
    ),
    ("due < now() AND statusCategory != Done", r"overdue|late|überfällig\w*|verspätet\w*"),
    ("sprint in openSprints()", r"(?:current|this|active|open) sprint|(?:aktuelle\w*|laufende\w*|diese\w*) sprint"),
    ("flagged is not EMPTY", r"blocked|impeded|blockiert\w*"),
)
_ORDERS = (
    ("priority DESC, created ASC", r"by priority|nach priorität"),
    ("created ASC", r"oldest|longest|ältest\w*"),
    ("updated DESC", r"last updated|recently updated|zuletzt geändert\w*"),
)


def conditions_in(question: str) -> list[Condition]:
    """Return the conditions that a question names, in the order of a query; none where nothing is recognised."""
    return list(_conditions(question))


def jql_of(question: str, conditions: list[Condition]) -> str:
    """Return the query of conditions, in the order that the question names, the newest first unless it does."""
    order = next((jql for jql, words in _ORDERS if _found(words, question)), "created DESC")
    return f"{' AND '.join(each.jql for each in conditions)} ORDER BY {order}"


def _conditions(question: str) -> Iterator[Condition]:
    keys = list(dict.fromkeys(_KEY.findall(question)))
    if keys:
        yield Condition(jql=f"key in ({', '.join(keys)})", words=", ".join(keys))
        return
    yield from [Condition(jql=f"project = {each}", words=each) for each in _PROJECT.findall(question)[:1]]
    yield from _kinds(question)
    dated = list(_dates(question))
    yield from dated
    rest = question
    for each in dated:
        rest = rest.replace(each.words, " ")
    yield from list(_named(_STATES, rest))[:1]
    yield from _named(_OTHERS, question)
    for quoted in _QUOTED.findall(question):
        escaped = quoted.replace("\\", "\\\\").replace('"', '\\"')
        yield Condition(jql=f'text ~ "{escaped}"', words=quoted)


def _kinds(question: str) -> Iterator[Condition]:
    kinds = [(name, words) for name, pattern in _KINDS if (words := _found(pattern, question))]
    if kinds:
        names = ", ".join(name for name, _words in kinds)
        yield Condition(jql=f"issuetype in ({names})", words=", ".join(words for _name, words in kinds))


def _named(known: Sequence[tuple[str, str]], text: str) -> Iterator[Condition]:
    for jql, pattern in known:
        if words := _found(pattern, text):
            yield Condition(jql=jql, words=words)


def _dates(question: str) -> Iterator[Condition]:
    """Yield what happened when: `created in the last 2 weeks`, `resolved this week`, `erstellt heute`."""
    for field, verbs in _WHEN:
        near = rf"\b(?:{verbs})\b[^.,;?]{{0,30}}?"
        back = re.search(near + _LAST, question, re.IGNORECASE) or re.search(
            rf"{_LAST}[^.,;?]{{0,30}}?\b(?:{verbs})\b", question, re.IGNORECASE
        )
        if back:
            unit = next(key for key, words in _UNITS.items() if re.fullmatch(words, back["unit"], re.IGNORECASE))
            number = _number(back["n"]) * (30 if unit == "M" else 1)
            yield Condition(jql=f"{field} >= -{number}{'d' if unit == 'M' else unit}", words=back[0])
            continue
        for start, words in (
            ("startOfDay()", r"today|heute"),
            ("startOfWeek()", r"this week|diese woche"),
            ("startOfMonth()", r"this month|diesen monat"),
        ):
            found = re.search(rf"{near}\b(?:{words})\b", question, re.IGNORECASE)
            if found:
                yield Condition(jql=f"{field} >= {start}", words=found[0])
                break


def _number(text: str | None) -> int:
    """Return the number that a word or digits say, 1 for nothing."""
    return _NUMBERS.get(text.lower()) or int(text) if text else 1


def _found(pattern: str, text: str) -> str:
    found = re.search(rf"\b(?:{pattern})\b", text, re.IGNORECASE)
    return found[0] if found else ""
