"""What the rail of every page shows: the newest conversations, and how much waits for a decision."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from apps.agents.models import Approval
from apps.conversations.models import Conversation
from apps.core.tenancy import has_tenant

RAIL_LENGTH = 12


def rail(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `rail_conversations` and `approvals_waiting`, read only when a template shows them."""
    user = getattr(request, "user", None)
    if not has_tenant() or user is None:
        return {}
    return {
        "rail_conversations": SimpleLazyObject(lambda: _newest(user)),
        "approvals_waiting": SimpleLazyObject(lambda: _waiting(user)),
    }


def _waiting(user: Any) -> int:
    return Approval.objects.for_decision_by(user).count() if user.is_authenticated else 0


def _newest(user: Any) -> list[Conversation]:
    if not user.is_authenticated:
        return []
    return list(Conversation.objects.owned_by(user).current().only("id", "title")[:RAIL_LENGTH])
