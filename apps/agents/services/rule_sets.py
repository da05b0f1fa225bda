"""Sets of business rules: those that ship are copied, an organisation's own are written and changed, rule by rule."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.agents import actions
from apps.agents.models import Rule, RuleSet
from apps.agents.services.personalities import (
    checked_words,
    require_own,
    require_unused,
    save_named,
    told,
)
from apps.audit.services.trail import record
from apps.core.errors import Conflict, InvalidInput
from apps.core.language import one_line
from apps.core.permissions import require

VIEW, CHANGE = "agents.view_ruleset", "agents.change_ruleset"
FIELDS = ("name", "description", "guidance")
RULE_FIELDS = ("name", "stage", "action", "mentions", "unless", "text")
MAX_RULES, MAX_PHRASES, MAX_PHRASE_CHARS = 50, 100, 100
Stage, Action = Rule.Stage, Rule.Action


@transaction.atomic
def save_rule_set(
    *,
    actor: Any,
    values: Mapping[str, Any],
    rules: Sequence[Mapping[str, Any]] | None = None,
    rule_set: RuleSet | None = None,
) -> RuleSet:
    """Write a set, or change one; `rules`, when given, are all its rules from now on.

    Raises Forbidden, InvalidInput with the field, Conflict for a taken name or a set that ships.
    """
    require(actor, CHANGE)
    row = rule_set or RuleSet()
    require_own(row)
    before = _told(row) if rule_set else None
    for field in FIELDS:
        if field in values:
            setattr(row, field, values[field])
    row.name, row.description = one_line(row.name, 80), one_line(row.description, 200)
    row.guidance = row.guidance.replace("\0", "").strip()[:4000]
    if not row.name:
        raise InvalidInput(_("Give it a name."), field="name")
    save_named(row)
    if rules is not None:
        _replace_rules(row, rules)
    action = actions.RULE_SET_CHANGED if rule_set else actions.RULE_SET_ADDED
    record(action, actor=actor, target=row, before=before, after=_told(row))
    return row


def _replace_rules(row: RuleSet, rules: Sequence[Mapping[str, Any]]) -> None:
    if len(rules) > MAX_RULES:
        raise InvalidInput(_("At most %(n)d rules.") % {"n": MAX_RULES}, field="rules")
    row.rules.all().delete()
    for position, values in enumerate(rules):
        rule = Rule(rule_set=row, position=position)
        _fill(rule, values)
        _save_rule(rule)


@transaction.atomic
def copy_rule_set(*, actor: Any, rule_set: RuleSet) -> RuleSet:
    """Copy a set with its rules, to be changed. Raises Forbidden."""
    require(actor, CHANGE)
    rules = [{field: getattr(rule, field) for field in RULE_FIELDS} for rule in rule_set.rules.all()]
    values = {field: getattr(rule_set, field) for field in FIELDS}
    values["name"] = free_name(RuleSet, rule_set.name)
    return save_rule_set(actor=actor, values=values, rules=rules)


def free_name(model: Any, name: str) -> str:
    """Return the name for a copy, which nothing has yet."""
    taken = set(model.objects.filter(name__startswith=name[:60]).values_list("name", flat=True))
    names = (_("%(name)s, copy %(n)d") % {"name": name[:60], "n": n} for n in range(1, len(taken) + 2))
    return next(one for one in names if one not in taken)


@transaction.atomic
def save_rule(*, actor: Any, rule_set: RuleSet, values: Mapping[str, Any], rule: Rule | None = None) -> Rule:
    """Add a rule to a set, or change one. Raises Forbidden, InvalidInput with the field, Conflict for a taken name or a shipped set."""
    require(actor, CHANGE)
    require_own(rule_set)
    before = _told(rule_set)
    last = rule_set.rules.aggregate(last=Max("position"))["last"]
    row = rule or Rule(rule_set=rule_set, position=0 if last is None else last + 1)
    if rule is None and rule_set.rules.count() >= MAX_RULES:
        raise InvalidInput(_("At most %(n)d rules.") % {"n": MAX_RULES}, field="name")
    _fill(row, values)
    _save_rule(row)
    record(actions.RULE_SET_CHANGED, actor=actor, target=rule_set, before=before, after=_told(rule_set))
    return row


def _save_rule(rule: Rule) -> None:
    if Rule.objects.filter(rule_set=rule.rule_set, name=rule.name).exclude(pk=rule.pk).exists():
        raise Conflict(_("There is one of this name already."))
    rule.save()


def _fill(rule: Rule, values: Mapping[str, Any]) -> None:
    for field in RULE_FIELDS:
        if field in values:
            setattr(rule, field, values[field])
    rule.name = one_line(rule.name, 80)
    rule.text = rule.text.replace("\0", "").strip()[:2000]
    for field in ("mentions", "unless"):
        words = checked_words(getattr(rule, field), field, most=MAX_PHRASES, most_chars=MAX_PHRASE_CHARS)
        setattr(rule, field, [word for word in words if word.strip("*")])
    _check(rule)


def _check(rule: Rule) -> None:
    if not rule.name:
        raise InvalidInput(_("Give it a name."), field="name")
    if rule.stage not in Stage.values:
        raise InvalidInput(_("Choose what it looks at."), field="stage")
    if rule.action not in Rule.FITTING[Stage(rule.stage)]:
        raise InvalidInput(_("A rule for this cannot do that."), field="action")
    if rule.action in (Action.BLOCK, Action.REPLACE) and not rule.mentions:
        raise InvalidInput(_("Write at least one phrase: without one it would always hold."), field="mentions")
    if rule.action not in (Action.NUMBER, Action.REPLACE) and not rule.text:
        raise InvalidInput(_("Write the words."), field="text")


@transaction.atomic
def remove_rule(*, actor: Any, rule: Rule) -> None:
    """Take a rule out of a set. Raises Forbidden, Conflict for a set that ships."""
    require(actor, CHANGE)
    require_own(rule.rule_set)
    before = _told(rule.rule_set)
    rule.delete()
    record(actions.RULE_SET_CHANGED, actor=actor, target=rule.rule_set, before=before, after=_told(rule.rule_set))


@transaction.atomic
def remove_rule_set(*, actor: Any, rule_set: RuleSet) -> None:
    """Remove a set of one's own. Raises Forbidden, Conflict for one that ships or is used."""
    require(actor, CHANGE)
    require_own(rule_set)
    require_unused(rule_set)
    record(actions.RULE_SET_REMOVED, actor=actor, target=rule_set, before=_told(rule_set))
    rule_set.delete()


def _told(row: RuleSet) -> dict[str, Any]:
    rules = [told(rule, RULE_FIELDS) for rule in Rule.objects.filter(rule_set=row)] if row.pk else []
    return told(row, FIELDS) | {"rules": rules}
