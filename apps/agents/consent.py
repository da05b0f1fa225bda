"""When a tool call waits for people, and what they said: the rules, without the doors."""

import hashlib
from collections.abc import Collection, Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson
from django.utils import timezone

from apps.agents.models import Approval, Run, StandingConsent, ToolGrant
from apps.agents.registry import HeldTool
from apps.agents.tools.base import MIXED, Tool

Why = Approval.Why
OPEN_FOR = timedelta(days=3)


def digest_of(tool: str, arguments: Mapping[str, Any]) -> str:
    """Return what an approval is bound to: SHA-256 over the tool and its exact arguments, keys in order."""
    text = orjson.dumps([tool, arguments], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()


def reason_to_ask(held: HeldTool, arguments: Mapping[str, Any], *, run: Run) -> Approval.Why | None:
    """Say why people are asked before this call; None when nobody is."""
    grant, tool = held.grant, held.tool
    if grant is None:
        return None
    if tool.is_asked_first:
        return Why.PLAN
    if grant.consent == ToolGrant.Consent.ALWAYS:
        return Why.ALWAYS
    if may_give_away(tool, arguments, tuple(grant.hosts), run.holds):
        return Why.MIXED
    if tool.risk == "read" or grant.consent == ToolGrant.Consent.WHEN_MIXED:
        return None
    return None if has_standing_consent(run, held) else Why.RISK


def may_give_away(tool: Tool, arguments: Mapping[str, Any], hosts: tuple[str, ...], holds: Collection[str]) -> bool:
    """Say whether a call could do what others wrote into what the run has read.

    What sends or changes could, once it has read anything of others; what only reads could carry words of the organisation away.
    """
    if tool.risk != "read":
        return "untrusted" in holds
    return set(holds) >= MIXED and not tool.is_trusted_with(arguments, hosts)


def has_standing_consent(run: Run, held: HeldTool) -> bool:
    """Say whether whoever asked gave their word before; it counts only where they are who decides."""
    if held.grant is None or held.grant.approvers_id is not None:
        return False
    return StandingConsent.objects.filter(
        person=run.started_by, agent=run.agent, tool=held.key, expires_at__gt=timezone.now()
    ).exists()


def people_needed(grant: ToolGrant, arguments: Mapping[str, Any]) -> int:
    """Return how many people have to say yes: two above the grant's amount, or where that cannot be read."""
    if not grant.second_field or grant.second_above is None:
        return 1
    try:
        amount = Decimal(str(arguments[grant.second_field]))
    except (KeyError, InvalidOperation):
        return 2
    return 2 if not amount.is_finite() or abs(amount) > grant.second_above else 1
