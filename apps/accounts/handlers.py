"""Sign-ins and sign-outs, whichever door they came through, go to the audit."""

from typing import Any

from allauth.account.signals import password_reset
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver

from apps.accounts import actions
from apps.accounts.services import members
from apps.audit.services import record
from apps.tenants.events import tenant_provisioned
from apps.tenants.types import Owner


@receiver(tenant_provisioned)
def add_owner(sender: Any, *, owner: Owner | None, **kwargs: Any) -> None:
    """Give a new tenant its owner; one without a password is sent a link to set it."""
    if owner is not None:
        members.create_owner(owner)


@receiver(user_logged_in)
def record_sign_in(sender: Any, *, user: Any, **kwargs: Any) -> None:
    record(actions.SIGNED_IN, actor=user, target=user)


@receiver(user_logged_out)
def record_sign_out(sender: Any, *, user: Any, **kwargs: Any) -> None:
    if user is not None:
        record(actions.SIGNED_OUT, actor=user, target=user)


@receiver(user_login_failed)
def record_failure(sender: Any, *, credentials: dict[str, Any], **kwargs: Any) -> None:
    name = credentials.get("email") or credentials.get("username") or ""
    record(actions.SIGN_IN_FAILED, actor=None, after={"email": str(name)[:254]})


@receiver(password_reset)
def record_reset(sender: Any, *, user: Any, **kwargs: Any) -> None:
    record(actions.PASSWORD_RESET, actor=user, target=user)
