"""Sign-ins and sign-outs, whichever door they came through, go to the audit."""

from typing import Any

from allauth.account.signals import password_changed, password_reset
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.utils import timezone

from apps.accounts import actions
from apps.accounts.events import rights_changed
from apps.accounts.models import IdentityProvider, TokenFamily, User
from apps.accounts.services import members, programs, security, sign_ins, single_sign_on
from apps.audit.models import AlertChannel
from apps.audit.services import alerts
from apps.audit.services.trail import record
from apps.core import credentials
from apps.core.tenancy import has_tenant
from apps.tenants.events import option_changing, tenant_provisioned
from apps.tenants.options import SSO_ONLY
from apps.tenants.types import Owner


@receiver(tenant_provisioned)
def add_owner(sender: Any, *, owner: Owner | None, **kwargs: Any) -> None:
    """Give a new tenant its owner, who is sent alerts, and a link to set a password where there is none."""
    if owner is not None:
        members.create_owner(owner)
        alerts.add_channel(actor=None, kind=AlertChannel.Kind.EMAIL, target=owner.email, language=owner.language)


@receiver(option_changing)
def keep_a_way_in(sender: Any, *, option: Any, value: Any, actor: Any, **kwargs: Any) -> None:
    """Closing every way but single sign-on asks that it works; tokens that came by password, and programs let in by it, end with it."""
    if option is SSO_ONLY and value:
        single_sign_on.check_sso_only(actor=actor, is_on=value)
        TokenFamily.objects.filter(revoked_at=None).update(revoked_at=timezone.now())
        programs.put_all_out()


@receiver(user_logged_in)
def record_sign_in(sender: Any, *, user: Any, **kwargs: Any) -> None:
    if has_tenant():
        sign_ins.look_at(user)
    record(actions.SIGNED_IN, actor=user, target=user)


@receiver(user_logged_out)
def record_sign_out(sender: Any, *, user: Any, **kwargs: Any) -> None:
    if user is not None:
        record(actions.SIGNED_OUT, actor=user, target=user)


@receiver(user_login_failed)
def record_failure(sender: Any, *, credentials: dict[str, Any], **kwargs: Any) -> None:
    name = str(credentials.get("email") or credentials.get("username") or "")[:254]
    record(actions.SIGN_IN_FAILED, actor=None, after={"email": name}, subject=name)
    sign_ins.look_at_failure()


@receiver(password_changed)
def record_new_password(sender: Any, *, user: Any, **kwargs: Any) -> None:
    record(actions.PASSWORD_CHANGED, actor=user, target=user)
    rights_changed.send(sender=User, user=user)


@receiver(authenticator_added)
@receiver(authenticator_reset)
def record_factor(sender: Any, *, user: Any, authenticator: Any, **kwargs: Any) -> None:
    record(actions.MFA_ADDED, actor=user, target=user, after={"kind": _kind(authenticator)})


def _kind(authenticator: Any) -> str:
    """allauth sends the row, or what wraps it."""
    return getattr(authenticator, "instance", authenticator).type


@receiver(authenticator_removed)
def record_lost_factor(sender: Any, *, user: Any, authenticator: Any, **kwargs: Any) -> None:
    record(actions.MFA_REMOVED, actor=user, target=user, before={"kind": _kind(authenticator)})


@receiver(password_reset)
def record_reset(sender: Any, *, user: Any, **kwargs: Any) -> None:
    record(actions.PASSWORD_RESET, actor=user, target=user)
    rights_changed.send(sender=User, user=user)


@credentials.on_rotation
def reseal_secrets() -> int:
    """Seal client secrets of single sign-on and the secrets of second factors anew."""
    secrets = credentials.reseal_column(IdentityProvider.objects, column="sealed_secret", field=single_sign_on.FIELD)
    return secrets + security.reseal_second_factors()
