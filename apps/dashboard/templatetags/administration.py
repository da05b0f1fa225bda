"""What the first page of the administration shows at a glance."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import template
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import AccessRequest, ApiKey, Invitation, User
from apps.agents.models import Run
from apps.audit.models import SecurityEvent
from apps.core.tenancy import has_tenant
from apps.jobs.models import TenantJob
from apps.knowledge.models import Document
from apps.mails.models import OutgoingMail

register = template.Library()


@dataclass(frozen=True)
class Card:
    """Rows to count, and the parameters of their list in the administration that shows just these."""

    words: str
    rows: QuerySet[Any]
    parameters: str = ""
    is_alarm: bool = False

    @property
    def right(self) -> str:
        return f"{self.rows.model._meta.app_label}.view_{self.rows.model._meta.model_name}"

    @property
    def url(self) -> str:
        meta = self.rows.model._meta
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist") + self.parameters


@register.simple_tag
def at_a_glance(user: Any) -> list[dict[str, Any]]:
    """Return counts with where they lead, of what the person may see; one question each. None on the platform's own site."""
    cards = [*_people(), *_work()] if has_tenant() else []
    seen = ((card, card.rows.count()) for card in cards if user.has_perm(card.right))
    return [{"card": card, "count": count, "is_alarm": card.is_alarm and count > 0} for card, count in seen]


def _people() -> Iterator[Card]:
    people = User.objects.filter(is_active=True, is_service=False)
    yield Card(_("People who may come in"), people, "?is_active__exact=1")
    yield Card(_("Invited, not here yet"), Invitation.objects.unanswered())
    yield Card(_("Requests for access to answer"), AccessRequest.objects.open(), is_alarm=True)
    yield Card(_("Security events to handle"), SecurityEvent.objects.open(), "?handled_at__isempty=1", is_alarm=True)
    yield Card(_("API keys that open something"), ApiKey.objects.valid())


def _work() -> Iterator[Card]:
    failed = Document.objects.filter(state=Document.State.FAILED)
    dead = TenantJob.objects.filter(state=TenantJob.State.DEAD)
    unsent = OutgoingMail.objects.filter(state=OutgoingMail.State.FAILED)
    yield Card(_("Runs at work"), Run.objects.active(), "?state__exact=running")
    yield Card(_("Documents that could not be read"), failed, "?state__exact=failed", is_alarm=True)
    yield Card(_("Jobs given up"), dead, "?state__exact=dead", is_alarm=True)
    yield Card(_("Messages that were not sent"), unsent, "?state__exact=failed", is_alarm=True)
