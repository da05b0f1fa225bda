"""Whether a feature is there for somebody, and who decided that: what the platform offers and the organisation chose.

A rule can be for all, for some roles, and for a share of the people: always the same ones, for each person falls into one of
a hundred parts by a hash. The platform's rule for one organisation goes before its rule for all. Rules are kept in the cache for a
minute and dropped when one changes.
"""

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db.models import Q
from redis.exceptions import RedisError

from apps.core.tenancy import ActiveSchema, current_tenant, public_context, tenant_context
from apps.tenants.flags import Flag
from apps.tenants.models import FlagRule

CACHE_KEY, KEEP_S = "flag-rules", 60


@dataclass(frozen=True)
class Decision:
    """Whether a feature is on for somebody, with the rules behind that; None: nothing was decided there."""

    is_on: bool
    offered_by: FlagRule | None
    chosen_by: FlagRule | None


def is_on(flag: Flag, user: Any) -> bool:
    """Say whether a person of the active tenant has a feature."""
    return decide(flag, user).is_on


def decide(flag: Flag, user: Any) -> Decision:
    """Answer whether a person has a feature, and which rules say so."""
    rules = [rule for rule in _rules() if rule.flag == flag.key]
    offered = next((rule for rule in rules if not rule.is_own and rule.tenant_id), None)
    offered = offered or next((rule for rule in rules if not rule.is_own), None)
    chosen = next((rule for rule in rules if rule.is_own), None)
    is_offered = _fits(offered, user) if offered else flag.is_offered
    return Decision(is_offered and (chosen is None or _fits(chosen, user)), offered, chosen)


def _fits(rule: FlagRule, user: Any) -> bool:
    if not rule.is_on or _part(rule.flag, user) >= rule.percentage:
        return False
    return not rule.roles or bool(_roles(user) & set(rule.roles))


def _part(key: str, user: Any) -> int:
    """Return which of a hundred parts a person falls into for a feature, 0 to 99."""
    who = f"{key}:{current_tenant().id}:{getattr(user, 'pk', '')}"
    return int.from_bytes(hashlib.sha256(who.encode()).digest()[:4]) % 100


def _roles(user: Any) -> set[str]:
    """Return a person's roles: a system role by its key, a custom one by its name."""
    if user is None or user.pk is None:
        return set()
    held = user.groups.exclude(role=None).values_list("role__key", "name")
    return {key or name for key, name in held}


def role_names() -> list[str]:
    """Return what a rule may call the active tenant's roles."""
    return [
        key or name for key, name in Group.objects.exclude(role=None).order_by("pk").values_list("role__key", "name")
    ]


def _rules() -> list[FlagRule]:
    try:
        known = cache.get(CACHE_KEY)
    except RedisError:
        return _read()
    if known is None:
        known = _read()
        with suppress(RedisError):
            cache.set(CACHE_KEY, known, KEEP_S)
    return known


def _read() -> list[FlagRule]:
    tenant_id = current_tenant().id
    with public_context():
        return list(FlagRule.objects.filter(Q(tenant_id=tenant_id) | Q(tenant=None)))


def forget(tenants: Iterable[ActiveSchema]) -> None:
    """Read the rules of these tenants anew at the next question."""
    for tenant in tenants:
        with tenant_context(tenant), suppress(RedisError):
            cache.delete(CACHE_KEY)
