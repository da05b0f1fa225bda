"""Business rules over a text: which fire, what they change, whether one blocks. Pure, so a run can check again after a crash.

A rule fires when the text mentions one of its phrases (or has none to mention) and nothing of what makes it unnecessary.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from apps.agents.types import Finding, RuleSpec, Verdict

_BULLET = re.compile(r"^(\s{0,3})[-*+]\s+(?=\S)", re.MULTILINE)
_NUMBERED = re.compile(r"^\s{0,3}\d+[.)]\s+\S", re.MULTILINE)
_CODE = re.compile(r"^```.*?^```\s*$|^```.*\Z", re.MULTILINE | re.DOTALL)


def check(text: str, rules: Iterable[RuleSpec], *, beside: str = "") -> Verdict:
    """Apply rules in order; each sees what those before it made of the text, and the first that blocks ends it.

    `beside` is what counts as said already when a rule asks whether it is unnecessary: the history of a question.
    """
    findings: list[Finding] = []
    additions: list[str] = []
    for rule in rules:
        if not fires(rule, text, beside):
            findings.append(Finding(rule.name, rule.rule_set, "passed"))
            continue
        if rule.action == "block":
            findings.append(Finding(rule.name, rule.rule_set, "blocked", rule.text))
            return Verdict(text, tuple(findings), tuple(additions), is_blocked=True)
        if rule.action == "instruct":
            additions.append(rule.text)
            changed = True
        else:
            fixed = _fixed(rule, text)
            changed, text = fixed != text, fixed
        findings.append(Finding(rule.name, rule.rule_set, "fixed" if changed else "passed", rule.text))
    return Verdict(text, tuple(findings), tuple(additions))


def applied(value: Any, rules: Iterable[RuleSpec]) -> Any:
    """Return JSON in whose texts the rules that replace words have done so; those that add to a text leave it alone."""
    replacing = [rule for rule in rules if rule.action == "replace"]
    if isinstance(value, dict):
        return {key: applied(each, replacing) for key, each in value.items()}
    if isinstance(value, list):
        return [applied(each, replacing) for each in value]
    return check(value, replacing).text if isinstance(value, str) and replacing else value


def fires(rule: RuleSpec, text: str, beside: str = "") -> bool:
    """Say whether a rule has something to do with a text."""
    if rule.mentions and not _pattern(rule.mentions).search(text):
        return False
    return not (rule.unless and _pattern(rule.unless).search(f"{beside}\n{text}"))


def _fixed(rule: RuleSpec, text: str) -> str:
    if rule.action == "replace":
        return _pattern(rule.mentions).sub(lambda _found: rule.text, text) if rule.mentions else text
    if rule.action == "number":
        return numbered(text)
    return f"{text.rstrip()}\n\n{rule.text}" if text.strip() else text


def numbered(text: str) -> str:
    """Turn the one list of bullets of a text that has no numbered one into numbered steps; code stays as it is."""
    masked = _CODE.sub(lambda code: re.sub(r"[^\n]", " ", code[0]), text)
    places = list(_BULLET.finditer(masked))
    if len(places) < 2 or _NUMBERED.search(masked):
        return text
    parts, end = [], 0
    for number, place in enumerate(places, 1):
        parts += [text[end : place.start()], f"{place[1]}{number}. "]
        end = place.end()
    return "".join([*parts, text[end:]])


@lru_cache(maxsize=512)
def _pattern(phrases: tuple[str, ...]) -> re.Pattern[str]:
    """Match any of some phrases as whole words, however they are written; a star at the end stands for any ending."""
    return re.compile("|".join(map(_one, sorted(phrases, key=len, reverse=True))), re.IGNORECASE)


def _one(phrase: str) -> str:
    words = r"\s+".join(re.escape(word) for word in phrase.removesuffix("*").split())
    return rf"(?<!\w){words}" + (r"\w*" if phrase.endswith("*") else r"(?!\w)")


def may_block(rules: Sequence[RuleSpec]) -> bool:
    """Say whether a text under these rules has to be held back until it is whole."""
    return any(rule.action == "block" for rule in rules)
