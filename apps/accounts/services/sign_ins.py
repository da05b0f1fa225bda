"""What is unusual about a sign-in: a network that is new for the person, many failures before it, many people tried from one place."""

import ipaddress
from datetime import timedelta

import structlog
from django.utils import timezone

from apps.accounts import actions, mails
from apps.accounts.models import User
from apps.audit.models import AuditEvent, SecurityEvent
from apps.audit.watch import notice
from apps.core.errors import DomainError
from apps.core.limits import Limit, count

log = structlog.get_logger(__name__)
LOOK_BACK = timedelta(days=90)
RECENT = timedelta(minutes=15)
MANY_FAILURES = 5
FAILURES_OF_ONE_PLACE = Limit("failures", amount=30, per_s=3600)
NETWORK_BITS = {4: 24, 6: 48}  # what a provider or office usually has


def look_at(user: User) -> None:
    """Notice a sign-in that follows many failures; one from a new network is told to the person as well."""
    if user.operator_id is not None:  # told by itself: SUPPORT_ENTERED
        return
    failures = SecurityEvent.objects.filter(
        kind=actions.SIGN_IN_FAILED.name, subject__iexact=user.email, last_at__gte=timezone.now() - RECENT
    )
    if sum(failures.values_list("count", flat=True)) >= MANY_FAILURES:
        notice(actions.SIGN_IN_AFTER_FAILURES, actor=user)
    address = structlog.contextvars.get_contextvars().get("ip") or ""
    if address and _is_new(user, address):
        notice(actions.SIGN_IN_UNUSUAL, actor=user, details={"address": address})
        try:
            mails.send_unusual_sign_in(user, address)
        except DomainError as error:  # a queue that is full keeps nobody out
            log.warning("sign_in_not_told", reason=error.code)


def look_at_failure() -> None:
    """Notice when many sign-ins fail from one address, whoever they were for."""
    address = structlog.contextvars.get_contextvars().get("ip") or ""
    if address and count(FAILURES_OF_ONE_PLACE, address).remaining < 0:
        notice(actions.SPRAYED, subject=address)


def _is_new(user: User, address: str) -> bool:
    """Say whether they signed in before, and never from the network of this address."""
    earlier = AuditEvent.objects.filter(
        target_type=User._meta.label_lower,
        target_id=str(user.pk),
        action=actions.SIGNED_IN.name,
        at__gte=timezone.now() - LOOK_BACK,
    )
    known = {one for one in earlier.order_by().values_list("address", flat=True).distinct() if one}
    network = _network(address)
    return bool(known) and all(_network(one) != network for one in known)


def _network(address: str) -> object:
    ip = ipaddress.ip_address(address)
    return ipaddress.ip_network((ip, NETWORK_BITS[ip.version]), strict=False)
