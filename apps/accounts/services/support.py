"""The platform's support inside an organisation: let in by it, for a time, under an account of its own, and written down.

The organisation's grant is a row in public. An operator trades it for a ticket (one use, two minutes), and that, on the organisation's own
host, for a session that ends when the grant does. The account has the grant's role, no password, no keys.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core import signing
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

from apps.accounts import actions
from apps.accounts.events import rights_changed
from apps.accounts.models import User
from apps.accounts.roles import group_for
from apps.audit.services.trail import record
from apps.core.errors import Conflict, InvalidInput, NotFound
from apps.core.permissions import require
from apps.core.tenancy import current_tenant, public_context, scoped, tenant_context
from apps.tenants.models import SupportAccess

RIGHT = "accounts.manage_support"
HOURS = (1, 4, 24, 72)
TICKET_S = 120


@transaction.atomic
def allow(*, actor: Any, role: str, hours: int, reason: str) -> SupportAccess:
    """Let operators into the active tenant for some hours (1, 4, 24, 72).

    Raises Forbidden, InvalidInput with the field, Conflict while an access is open.
    """
    require(actor, RIGHT)
    reason = " ".join(reason.split())[:300]
    if not reason:
        raise InvalidInput(_("Say what support is to do."), field="reason")
    if hours not in HOURS:
        raise InvalidInput(_("Choose one of the times."), field="hours")
    if role not in SupportAccess.Role.values:
        raise InvalidInput(_("Choose what support may do."), field="role")
    tenant = current_tenant()
    with public_context():
        if SupportAccess.objects.filter(tenant_id=tenant.id).open().exists():
            raise Conflict(_("Support may come in already. End that first."), code="support_open")
        until = timezone.now() + timedelta(hours=hours)
        access = SupportAccess.objects.create(
            tenant_id=tenant.id, role=role, reason=reason, given_by=str(actor)[:254], expires_at=until
        )
    record(actions.SUPPORT_ALLOWED, actor=actor, target=access, after={"role": role, "hours": hours, "reason": reason})
    return access


@transaction.atomic
def end(*, actor: Any, access: SupportAccess) -> None:
    """Put support out at once. Raises Forbidden."""
    require(actor, RIGHT)
    if access.ended_at is not None:
        return
    with public_context():
        SupportAccess.objects.filter(pk=access.pk).update(ended_at=timezone.now())
    record(actions.SUPPORT_ENDED, actor=actor, target=access)
    for user in User.objects.exclude(operator_id=None).filter(is_active=True):
        user.is_active = False
        user.save(update_fields=["is_active"])
        rights_changed.send(sender=User, user=user)


def accesses() -> Any:
    """Return the active tenant's accesses, newest first; to be read in public."""
    return SupportAccess.objects.filter(tenant_id=current_tenant().id)


def ticket_for(*, operator: User, access: SupportAccess) -> str:
    """Return the address at which an operator enters, good once within two minutes. Raises NotFound when the access is over."""
    if not access.is_open:
        raise NotFound(_("This access is over."))
    with public_context():
        tenant = access.tenant
    with tenant_context(tenant):
        content = {"access": str(access.pk), "operator": str(operator.pk), "nonce": get_random_string(16)}
        return tenant.address(f"/support/{signing.dumps(content, salt=scoped('support'))}/")


def peek(ticket: str) -> SupportAccess:
    """Return the access that a ticket opens, without using it. Raises NotFound."""
    return _opened(ticket)[0]


@transaction.atomic
def enter(ticket: str) -> tuple[User, SupportAccess]:
    """Use a ticket: return the account of support and the access that it has. Raises NotFound."""
    access, operator_id, nonce = _opened(ticket)
    if not cache.add(f"support-ticket:{nonce}", 1, TICKET_S + 10):
        raise NotFound(_("This link was used or has run out."))
    with public_context():
        operator = User.objects.filter(pk=operator_id, is_superuser=True, is_active=True).first()
        if operator is None:
            raise NotFound(_("This link was used or has run out."))
        record(actions.SUPPORT_ENTERED, actor=operator, target=access.tenant, after={"access": str(access.pk)})
    user = _account_of(operator)
    user.groups.set([group_for(access.role)])
    record(actions.SUPPORT_ENTERED, actor=user, target=access, after={"role": access.role, "reason": access.reason})
    return user, access


def _opened(ticket: str) -> tuple[SupportAccess, UUID, str]:
    try:
        content = signing.loads(ticket, salt=scoped("support"), max_age=TICKET_S)
    except signing.BadSignature as error:
        raise NotFound(_("This link was used or has run out.")) from error
    tenant_id = current_tenant().id
    with public_context():
        rows = SupportAccess.objects.select_related("tenant").filter(tenant_id=tenant_id)
        access = rows.open().filter(pk=content["access"]).first()
    if access is None:
        raise NotFound(_("This link was used or has run out."))
    return access, UUID(content["operator"]), content["nonce"]


def _account_of(operator: User) -> User:
    """Return the operator's account in the active tenant; nobody can sign in with it, and no message reaches it (RFC 2606)."""
    user = User.objects.filter(operator_id=operator.pk).first()
    if user is None:
        address = f"{operator.pk}@support.invalid"
        user = User.objects.create_user(address, None, is_service=True, operator_id=operator.pk)
    user.name, user.is_active, user.language = f"{operator.name} (Support)"[:120], True, operator.language
    user.save(update_fields=["name", "is_active", "language"])
    return user
