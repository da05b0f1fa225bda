"""Asking for access that a page refused, and answering."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts import actions, mails
from apps.accounts.models import AccessRequest, User
from apps.accounts.services.members import people_who_may
from apps.audit.services.trail import record
from apps.core.errors import InvalidInput
from apps.core.language import one_line
from apps.core.limits import Limit, spend
from apps.core.permissions import require

ASKED = Limit("ask-access", amount=10, per_s=3600)


@transaction.atomic
def ask_for_access(*, actor: User, path: str, note: str = "") -> AccessRequest:
    """Tell those who can give access that somebody misses a page of this site; asking twice changes the reason.

    Nothing is told about what is at the address. Raises InvalidInput for an address elsewhere, TooManyRequests.
    """
    path, note = path.strip(), one_line(note, 300)
    is_here = path.startswith("/") and not path.startswith(("//", "/\\"))  # a browser reads a backslash as a slash
    if not is_here or len(path) > 300 or not path.isprintable():
        raise InvalidInput(_("This is not a page of this site."), field="path")
    spend(ASKED, str(actor.pk))
    asked, is_new = AccessRequest.objects.open().update_or_create(asked_by=actor, path=path, defaults={"note": note})
    record(actions.ACCESS_ASKED, actor=actor, target=asked, after={"path": path, "note": note})
    if is_new:
        for giver in givers():
            mails.send_access_request(asked, giver)
    return asked


def givers() -> QuerySet[User]:
    """Return the people who look after members and can give access."""
    return people_who_may("accounts", "manage_members")


@transaction.atomic
def answer_request(*, actor: Any, asked: AccessRequest, is_granted: bool) -> None:
    """Close a request, once the access was given (or not), and tell who asked. Raises Forbidden."""
    require(actor, "accounts.manage_members")
    if asked.answered_at is not None:
        return
    asked.answered_at, asked.answered_by, asked.is_granted = timezone.now(), actor, is_granted
    asked.save(update_fields=["answered_at", "answered_by", "is_granted"])
    record(actions.ACCESS_ANSWERED, actor=actor, target=asked, after={"is_granted": is_granted})
    mails.send_access_answer(asked)
