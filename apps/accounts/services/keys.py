"""API keys and service accounts. A key is `gh_<tenant>_<prefix>_<secret>`: it names where it belongs."""

import hashlib
import hmac
import ipaddress
import secrets
import string
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts import actions
from apps.accounts.models import ApiKey, Program, User
from apps.accounts.networks import checked_networks
from apps.accounts.scopes import SCOPES
from apps.accounts.services.members import require_grant
from apps.accounts.signing import secret_for
from apps.audit.services.trail import record
from apps.core.errors import Conflict, Forbidden, InvalidInput
from apps.core.permissions import require
from apps.core.tenancy import current_tenant, scoped

BEGINNING = "gh_"
ALPHABET = string.ascii_lowercase + string.digits
NOTED_EVERY = timedelta(minutes=1)
GRACE = timedelta(days=1)


@dataclass(frozen=True)
class NewKey:
    """A key just made, with the text that nobody will see again, and the signing secret if requests must be signed."""

    key: ApiKey
    text: str
    signing_secret: str


@transaction.atomic
def make_key(
    *,
    actor: Any,
    name: str,
    scopes: Iterable[str],
    account: User | None = None,
    addresses: Iterable[str] = (),
    expires_at: datetime | None = None,
    must_sign: bool = False,
) -> NewKey:
    """Make a key of one's own account, or of a service account. Raises Forbidden, InvalidInput with the field."""
    owner = account or actor
    if owner.operator_id is not None:
        raise Forbidden(_("Support comes in by itself and has no keys."))
    if owner.is_outside:
        raise Forbidden(_("Who asks for people outside has no keys."))
    if owner.pk != actor.pk:
        require(actor, "accounts.manage_keys")
        require_grant(actor, owner.groups.all())
    chosen = _checked_scopes(scopes)
    if not name.strip():
        raise InvalidInput(_("Give the key a name."), field="name")
    if expires_at is not None and expires_at <= timezone.now():
        raise InvalidInput(_("This day is over."), field="expires_at")
    prefix = "".join(secrets.choice(ALPHABET) for _ in range(10))
    secret = secrets.token_urlsafe(32).replace("_", "-")
    key = ApiKey.objects.create(
        account=owner,
        name=name.strip()[:80],
        prefix=prefix,
        digest=_digest(secret),
        scopes=chosen,
        addresses=checked_networks(addresses),
        created_by=actor,
        expires_at=expires_at,
        must_sign=must_sign,
    )
    record(actions.KEY_MADE, actor=actor, target=key, after={"account": str(owner), "scopes": chosen})
    text = f"{BEGINNING}{current_tenant().slug}_{prefix}_{secret}"
    return NewKey(key, text, secret_for(prefix) if must_sign else "")


def _checked_scopes(scopes: Iterable[str]) -> list[str]:
    chosen = sorted(set(scopes))
    if not chosen or set(chosen) - set(SCOPES):
        raise InvalidInput(_("Choose at least one of the scopes."), field="scopes")
    return chosen


def _digest(secret: str) -> str:
    """Digest a secret under a pepper of the tenant: a copied row opens nothing elsewhere."""
    pepper = hmac.digest(settings.SECRET_KEY.encode(), scoped("api-key").encode(), "sha256")
    return hmac.digest(pepper, secret.encode(), hashlib.sha256).hex()


@transaction.atomic
def revoke_key(*, actor: Any, key: ApiKey) -> None:
    """Make a key worthless at once; doing so twice changes nothing. Raises Forbidden."""
    if key.account_id != actor.pk:
        require(actor, "accounts.manage_keys")
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()):
        record(actions.KEY_REVOKED, actor=actor, target=key)


@transaction.atomic
def rotate_key(*, actor: Any, key: ApiKey) -> NewKey:
    """Make a key that is like this one, which opens for one more day, so that programs can change over.

    The new one lives as long as the old one was to. Raises Forbidden, Conflict for a key that opens nothing any more.
    """
    if key.revoked_at is not None or key.has_run_out:
        raise Conflict(_("This key opens nothing any more. Make a new one."), code="key_ended")
    if key.account_id != actor.pk:
        require(actor, "accounts.manage_keys")
    now = timezone.now()
    life = key.expires_at - key.created_at if key.expires_at else None
    made = make_key(
        actor=actor,
        name=key.name,
        scopes=key.scopes,
        account=key.account,
        addresses=key.addresses,
        expires_at=now + life if life else None,
        must_sign=key.must_sign,
    )
    until = min(now + GRACE, key.expires_at or now + GRACE)
    ApiKey.objects.filter(pk=key.pk).update(expires_at=until)
    record(actions.KEY_ROTATED, actor=actor, target=key, after={"new": str(made.key), "until": until.isoformat()})
    return made


@transaction.atomic
def make_service_account(*, actor: Any, name: str, roles: Iterable[Group]) -> User:
    """Make an account for a program: it has roles and keys, and no way to sign in. Raises Forbidden, InvalidInput."""
    require(actor, "accounts.manage_keys")
    chosen = list(roles)
    require_grant(actor, chosen)
    name = " ".join(name.split())[:120]
    if not name:
        raise InvalidInput(_("Give the account a name."), field="name")
    if not chosen:
        raise InvalidInput(_("Choose at least one role."), field="roles")
    email = f"{secrets.token_hex(8)}@service.invalid"
    account = User.objects.create_user(email, None, name=name, is_service=True)
    account.groups.set(chosen)
    record(actions.SERVICE_MADE, actor=actor, target=account, after={"roles": sorted(g.name for g in chosen)})
    return account


def make_outside_account(*, actor: Any, name: str) -> User:
    """Make an account that asks for people outside: it has no rights and no keys, and sees what is shared with it alone."""
    email = f"{secrets.token_hex(8)}@outside.invalid"
    account = User.objects.create_user(
        email, None, name=name[:120], is_service=True, is_outside=True, is_remembered=False
    )
    record(actions.OUTSIDE_ACCOUNT_MADE, actor=actor, target=account)
    return account


def find_key(text: str, address: str) -> ApiKey | None:
    """Return the valid key that a text stands for, used from an address that it allows; note the use."""
    parts = text.removeprefix(BEGINNING).split("_")
    if not text.startswith(BEGINNING) or len(parts) != 3 or parts[0] != current_tenant().slug:
        return None
    key = ApiKey.objects.valid().select_related("account").filter(prefix=parts[1]).first()
    if not hmac.compare_digest(key.digest if key else _digest(""), _digest(parts[2])) or key is None:
        return None
    if key.addresses and not _is_inside(address, key.addresses):
        return None
    note_use(key, address)
    return key


def _is_inside(address: str, networks: list[str]) -> bool:
    try:
        place = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(place in ipaddress.ip_network(network) for network in networks)


def note_use(row: ApiKey | Program, address: str) -> None:
    """Write down when and from where a key or program was last used, at most once a minute."""
    now = timezone.now()
    if row.last_used_at is None or now - row.last_used_at > NOTED_EVERY:
        type(row).objects.filter(pk=row.pk).update(last_used_at=now, last_used_from=address or None)
