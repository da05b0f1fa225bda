"""What people and administrators do about sign-in: profile, sessions, second factors."""

import time
from typing import Any

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from apps.accounts import actions
from apps.accounts.events import rights_changed
from apps.accounts.models import User
from apps.accounts.services.members import require_grant
from apps.audit.services.trail import record
from apps.core import credentials
from apps.core.errors import InvalidInput
from apps.core.permissions import require
from apps.core.tenancy import has_tenant, owner_id
from apps.tenants.options import IDLE_MINUTES, REQUIRE_SECOND_FACTOR
from apps.tenants.resolver import resolve

TOUCH_EVERY_S = 60
SUPPORT = "support"  # the key in a session by which an operator came in
SEALED_KEYS = ("secret", "seed", "migrated_codes")
PROFILE = ("name", "language", "time_zone", "theme")


@transaction.atomic
def change_profile(*, user: User, **values: str) -> None:
    """Store name, language, time zone or theme of a person. Raises InvalidInput for an empty name."""
    if "name" in values:
        values["name"] = " ".join(values["name"].split())[:120]
        if not values["name"]:
            raise InvalidInput(_("Write your name."), field="name")
    before = {field: getattr(user, field) for field in values}
    if before == values:
        return
    for field, value in values.items():
        setattr(user, field, value)
    user.save(update_fields=list(values))
    record(actions.PROFILE_CHANGED, actor=user, target=user, before=before, after=values)


def sessions_of(user: User) -> list[UserSession]:
    """Return the browsers in which a person is signed in, the last used first."""
    return sorted(UserSession.objects.purge_and_list(user), key=lambda s: s.last_seen_at, reverse=True)


@transaction.atomic
def end_sessions(*, user: User, sessions: list[UserSession]) -> None:
    """Sign a person out in these browsers."""
    for session in sessions:
        session.end()
    if sessions:
        record(actions.SESSIONS_ENDED, actor=user, target=user, after={"count": len(sessions)})
        rights_changed.send(sender=User, user=user)


def is_session_valid(session: Any, user: User) -> bool:
    """Say whether a session still lets this person in: there, in time, and from after their last new password."""
    row = Session.objects.filter(session_key=session.session_key, expire_date__gt=timezone.now())
    is_hash_right = constant_time_compare(session.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash())
    return is_hash_right and row.exists()


def keep_alive(session: Any) -> None:
    """Move the end of a session on, as long as the organisation says; at most once a minute. A visit of support ends when it ends."""
    now = time.time()
    if now - session.get("seen", 0) > TOUCH_EVERY_S and SUPPORT not in session:
        session["seen"] = now
        session.set_expiry(resolve(IDLE_MINUTES).value * 60 if has_tenant() else settings.SESSION_IDLE_S)


def is_second_factor_wanted() -> bool:
    """Say whether everybody needs a second factor here: as the organisation says, or for operators as the installation does."""
    return bool(resolve(REQUIRE_SECOND_FACTOR).value) if has_tenant() else settings.OPERATOR_SECOND_FACTOR


def has_second_factor(user: User) -> bool:
    return Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES).exists()


def has_used_second_factor(session: Any) -> bool:
    """Say whether this sign-in was proven by a second factor or a passkey."""
    return _has_used("mfa", session)


def has_come_by_single_sign_on(session: Any) -> bool:
    return _has_used("socialaccount", session)


def _has_used(method: str, session: Any) -> bool:
    return any(used.get("method") == method for used in session.get(AUTHENTICATION_METHODS_SESSION_KEY, ()))


@transaction.atomic
def reset_second_factors(*, actor: Any, user: User) -> None:
    """Take all second factors from somebody who lost theirs. Raises Forbidden."""
    require(actor, "accounts.manage_members")
    require_grant(actor, user.groups.all())
    removed, _by_model = Authenticator.objects.filter(user=user).delete()
    if removed:
        record(actions.MFA_RESET, actor=actor, target=user)


def is_code_right(user: User, code: str) -> bool:
    """Check a code of an authenticator app, or a recovery code, which is spent by that."""
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)
    return any(a.wrap().validate_code(code.strip()) for a in Authenticator.objects.filter(user=user, type__in=kinds))


def place_of_factors() -> dict[str, Any]:
    """Say what secrets of second factors are bound to: the tenant, for allauth seals them before their row is there."""
    return {"table": "mfa_authenticator", "pk": owner_id(), "field": "secret"}


def reseal_second_factors() -> int:
    """Seal the secrets of authenticator apps and recovery codes anew; return how many rows changed."""
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)
    changed = 0
    for factor in Authenticator.objects.filter(type__in=kinds).iterator():
        data = {key: _resealed(value) if key in SEALED_KEYS else value for key, value in factor.data.items()}
        if data != factor.data:
            changed += Authenticator.objects.filter(pk=factor.pk, data=factor.data).update(data=data)
    return changed


def _resealed(value: Any) -> Any:
    if isinstance(value, list):
        return [_resealed(one) for one in value]
    return credentials.sealed_anew(value, **place_of_factors()) or value
