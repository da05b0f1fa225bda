"""Single sign-on: the providers of an organisation, and who may come in through one.

The protocols are allauth's; here stands what an organisation decides: whose accounts are made, which groups give which roles, and
whether it is the only way in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from allauth.socialaccount.models import SocialAccount, SocialApp
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from apps.accounts import actions
from apps.accounts.models import IdentityProvider, Invitation, User
from apps.accounts.roles import MEMBER, group_for, roles_by_name, roles_named
from apps.accounts.services.members import held_roles, require_grant, set_roles
from apps.audit.services.trail import record
from apps.core import credentials
from apps.core.errors import Conflict, Forbidden, InvalidInput
from apps.core.http import check_url
from apps.core.permissions import require
from apps.tenants.options import SSO_ONLY
from apps.tenants.resolver import resolve

Kind = IdentityProvider.Kind
ISSUERS = {
    Kind.GOOGLE: "https://accounts.google.com",
    Kind.MICROSOFT: "https://login.microsoftonline.com/{directory}/v2.0",
}
TABLE, FIELD = "accounts_identityprovider", "secret"


@dataclass(frozen=True)
class Assertion:
    """What a provider says of somebody who signed in there; `is_verified` is None where it does not say."""

    email: str
    is_verified: bool | None = None
    name: str = ""
    groups: frozenset[str] = frozenset()


def is_sso_only() -> bool:
    """Say whether the organisation has closed every other way in."""
    return bool(resolve(SSO_ONLY).value)


def active_providers() -> list[IdentityProvider]:
    return list(IdentityProvider.objects.filter(is_active=True))


def as_app(provider: IdentityProvider) -> SocialApp:
    """Return a provider as allauth wants it, never saved: its secret is open in it."""
    app = SocialApp(provider_id=provider.key, name=provider.name, client_id=provider.client_id)
    app.secret = _unsealed(provider)
    if provider.kind == Kind.SAML:
        app.provider, app.client_id = "saml", provider.key
        idp = {"entity_id": provider.entity_id, "sso_url": provider.sso_url, "x509cert": provider.certificate}
        app.settings = {"idp": idp, "advanced": {"strict": True, "want_assertion_signed": True}}
    elif provider.kind == Kind.GITHUB:
        app.provider, app.settings = "github", {"oauth_pkce_enabled": True}
    else:
        app.provider = "openid_connect"
        app.settings = {"server_url": provider.server_url.rstrip("/"), "oauth_pkce_enabled": True}
    app.identity_provider = provider
    return app


def _unsealed(provider: IdentityProvider) -> str:
    if not provider.sealed_secret:
        return ""
    return credentials.unseal(provider.sealed_secret, table=TABLE, pk=provider.pk, field=FIELD)


# -- coming in ---------------------------------------------------------------------------------------------------


@transaction.atomic
def admit(*, provider: IdentityProvider, assertion: Assertion, linked: User | None) -> User:
    """Return the account of somebody who signed in at a provider, made now if need be, with the roles of their groups.

    `linked` is the account that the provider's identity belongs to already. Raises Forbidden with the reason.
    """
    user = linked or _by_address(provider, assertion)
    if user is None:
        user = _make(provider, assertion)
    if not user.is_active or user.is_service:
        raise Forbidden(_("Your account is suspended. Ask your administrator."))
    if provider.group_claim and provider.group_roles:
        _follow_groups(provider, assertion, user)
    return user


def _by_address(provider: IdentityProvider, assertion: Assertion) -> User | None:
    """Find a standing account by an address that the provider answers for."""
    domain = assertion.email.rpartition("@")[2].lower()
    if not domain:
        raise Forbidden(_("%(name)s did not say your e-mail address.") % {"name": provider.name})
    if provider.domains and domain not in provider.domains:
        raise Forbidden(_("Addresses at %(domain)s do not come in this way.") % {"domain": domain})
    if assertion.is_verified is False or (provider.is_public and not assertion.is_verified):
        raise Forbidden(_("%(name)s has not checked your e-mail address.") % {"name": provider.name})
    return User.objects.filter(email__iexact=assertion.email).first()


def _make(provider: IdentityProvider, assertion: Assertion) -> User:
    invitation = Invitation.objects.open().filter(email__iexact=assertion.email).first()
    if invitation is None and not provider.creates_accounts:
        raise Forbidden(_("You have no account here yet. Ask your administrator for an invitation."))
    name = assertion.name.strip()[:120] or assertion.email.partition("@")[0]
    user = User.objects.create_user(assertion.email, None, name=name)
    user.groups.set(invitation.roles.all() if invitation else [group_for(MEMBER)])
    Invitation.objects.filter(email__iexact=assertion.email, accepted_at=None).update(accepted_at=timezone.now())
    record(actions.ACCOUNT_CREATED, actor=user, target=user, after={"through": provider.name})
    return user


def _follow_groups(provider: IdentityProvider, assertion: Assertion, user: User) -> None:
    """Give the roles that the provider's groups stand for instead of those that its other groups stand for.

    A role that somebody removed since gives nothing.
    """
    roles = roles_by_name()
    ruled = {roles[key] for key in provider.group_roles.values() if key in roles}
    named = {key for group, key in provider.group_roles.items() if group in assertion.groups}
    kept = set(held_roles(user)) - ruled
    wanted: set[Group] = kept | {roles[key] for key in named if key in roles} or {group_for(MEMBER)}
    try:
        set_roles(actor=None, user=user, roles=wanted)
    except Conflict:
        return  # the last owner stays one


# -- setting up --------------------------------------------------------------------------------------------------

FIELDS = (
    *("kind", "name", "client_id", "server_url", "entity_id", "sso_url", "certificate"),
    *("group_claim", "group_roles", "domains", "creates_accounts", "is_active"),
)


@transaction.atomic
def save_provider(
    *, actor: Any, values: Mapping[str, Any], secret: str = "", provider: IdentityProvider | None = None
) -> IdentityProvider:
    """Set up a provider, or change one; an empty secret keeps the stored one.

    Raises Forbidden (also for roles above the actor's own), InvalidInput with the field, Conflict when the only way in is shut.
    """
    require(actor, "accounts.manage_sign_on")
    before = _told(provider) if provider else None
    row = provider or IdentityProvider(key=_free_key(str(values.get("name", ""))))
    for field in FIELDS:
        if field in values:
            setattr(row, field, values[field])
    _check(row)
    require_grant(actor, roles_named(set(row.group_roles.values())))
    if secret:
        row.sealed_secret = credentials.seal(secret, table=TABLE, pk=row.pk, field=FIELD)
    if row.kind != Kind.SAML and not row.sealed_secret:
        raise InvalidInput(_("Paste the client secret."), field="secret")
    if not row.is_active:
        _require_another_way(row)
    row.save()
    action = actions.SSO_CHANGED if before else actions.SSO_ADDED
    record(action, actor=actor, target=row, before=before, after=_told(row) | ({"secret": "…"} if secret else {}))
    return row


def _told(provider: IdentityProvider) -> dict[str, Any]:
    return {field: getattr(provider, field) for field in FIELDS if getattr(provider, field) not in ("", [], {})}


def _free_key(name: str) -> str:
    base = slugify(name)[:32] or "sso"
    taken = set(IdentityProvider.objects.values_list("key", flat=True))
    return next(key for key in (base, *(f"{base}-{n}" for n in range(2, 1000))) if key not in taken)


def _check(row: IdentityProvider) -> None:
    row.name = " ".join(row.name.split())[:60]
    if not row.name:
        raise InvalidInput(_("Give it the name that people know."), field="name")
    if row.kind not in Kind.values:
        raise InvalidInput(_("Choose what it speaks."), field="kind")
    row.domains = sorted({domain.strip().lower().removeprefix("@") for domain in row.domains if domain.strip()})
    if row.is_public and not row.domains:
        raise InvalidInput(
            _("Anybody can have an account there. Name the domains whose addresses come in."), field="domains"
        )
    if not isinstance(row.group_roles, dict) or not all(isinstance(v, str) for v in row.group_roles.values()):
        raise InvalidInput(_("Write lines like: group = role"), field="group_roles")
    (_check_saml if row.kind == Kind.SAML else _check_oauth)(row)


def _check_oauth(row: IdentityProvider) -> None:
    if not row.client_id.strip():
        raise InvalidInput(_("Paste the client id."), field="client_id")
    if row.kind == Kind.GITHUB:
        if IdentityProvider.objects.filter(kind=Kind.GITHUB).exclude(pk=row.pk).exists():
            raise InvalidInput(_("GitHub is set up already."), field="kind")
        return
    if row.kind == Kind.GOOGLE:
        row.server_url = ISSUERS[Kind.GOOGLE]
    if row.kind == Kind.MICROSOFT and "://" not in row.server_url:
        row.server_url = ISSUERS[Kind.MICROSOFT].format(directory=row.server_url.strip()) if row.server_url else ""
    _check_address(row.server_url, "server_url")


def _check_saml(row: IdentityProvider) -> None:
    if not row.entity_id.strip():
        raise InvalidInput(_("Paste the entity id."), field="entity_id")
    _check_address(row.sso_url, "sso_url")
    row.certificate = OneLogin_Saml2_Utils.format_cert(row.certificate, heads=False)
    if len(row.certificate) < 200:
        raise InvalidInput(_("Paste the certificate with which it signs."), field="certificate")


def _check_address(url: str, field: str) -> None:
    if not url.isascii():
        raise InvalidInput(_("An address has plain letters alone; others are written like %C3%A4."), field=field)
    try:
        check_url(url)
    except InvalidInput as error:
        raise InvalidInput(str(error.message), field=field) from error


@transaction.atomic
def remove_provider(*, actor: Any, provider: IdentityProvider) -> None:
    """Remove a provider with its links to accounts; the accounts stay. Raises Forbidden, Conflict when it is the only way in."""
    require(actor, "accounts.manage_sign_on")
    _require_another_way(provider)
    SocialAccount.objects.filter(provider=provider.key).delete()
    record(actions.SSO_REMOVED, actor=actor, target=provider, before=_told(provider))
    provider.delete()


def _require_another_way(provider: IdentityProvider) -> None:
    """Raise Conflict when nobody could come in any more without the provider."""
    others = IdentityProvider.objects.filter(is_active=True).exclude(pk=provider.pk)
    if is_sso_only() and not others.exists():
        raise Conflict(_("Single sign-on is the only way in. Allow passwords first."))


def check_sso_only(*, actor: Any, is_on: bool) -> None:
    """Raise InvalidInput when closing the other ways would shut out whoever does it."""
    if not is_on or actor is None:
        return
    keys = [provider.key for provider in active_providers()]
    if not SocialAccount.objects.filter(user=actor, provider__in=keys).exists():
        raise InvalidInput(
            _("Sign in through single sign-on yourself first, so that it is known to work."), field=SSO_ONLY.key
        )
