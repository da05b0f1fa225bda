"""People and what they may do: accounts, invitations, roles, suspension.

Nobody gives a role that holds more than they hold themselves, and the last active owner stays.
"""

import hashlib
import secrets
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts import actions, mails
from apps.accounts.events import rights_changed
from apps.accounts.models import Invitation, User
from apps.accounts.roles import MEMBER, OWNER, RIGHTS, group_for
from apps.audit.services.trail import record
from apps.audit.watch import notice
from apps.core.errors import Conflict, Forbidden, InvalidInput, NotFound
from apps.core.permissions import require
from apps.core.tenancy import public_context
from apps.tenants.options import SIGN_UP_DOMAINS
from apps.tenants.resolver import resolve
from apps.tenants.types import Owner


def create_user(*, email: str, name: str, password: str | None = None, role: str = MEMBER, **fields: Any) -> User:
    """Create a person with a system role in the active tenant, or return the one with this address."""
    existing = User.objects.filter(email__iexact=email).first()
    if existing:
        return existing
    user = User.objects.create_user(email, password, name=name, **fields)
    user.groups.add(group_for(role))
    return user


def create_owner(owner: Owner) -> User:
    """Create a tenant's first person; one without a password is sent a link to set it."""
    user = create_user(email=owner.email, name=owner.name, language=owner.language, role=OWNER)
    if owner.password_hash:
        user.password = owner.password_hash
        user.save(update_fields=["password"])
    else:
        mails.send_welcome(user)
    record(actions.ACCOUNT_CREATED, actor=None, target=user)
    return user


def create_operator(*, email: str, name: str, password: str) -> User:
    """Create somebody who runs the platform, in the public schema, or return the one with this address."""
    with public_context():
        standing = User.objects.filter(email__iexact=email).first()
        if standing:
            return standing
        user = User.objects.create_superuser(email, password, name=name)
        record(actions.ACCOUNT_CREATED, actor=None, target=user)
    return user


def may_grant(actor: Any, role: Group) -> bool:
    """Say whether the actor may give or take a role: they hold all that it holds, or appoint owners."""
    if actor is None or actor.has_perm("accounts.manage_owners"):
        return True
    held = actor.get_all_permissions()
    return all(f"{p.content_type.app_label}.{p.codename}" in held for p in role.permissions.all())


def require_grant(actor: Any, roles: Iterable[Group]) -> None:
    """Raise Forbidden when the actor may not give or take one of the roles."""
    for role in roles:
        if not may_grant(actor, role):
            raise Forbidden(_("“%(role)s” holds more rights than you do.") % {"role": role.name}, field="roles")


# -- invitations -------------------------------------------------------------------------------------------------


@transaction.atomic
def invite(*, actor: Any, email: str, roles: Iterable[Group]) -> Invitation:
    """Offer an account by e-mail, for seven days; a former offer to the address is replaced.

    Raises Forbidden, InvalidInput for an address that is none or has an account, or without a role.
    """
    require(actor, "accounts.manage_members")
    chosen = list(roles)
    email = _checked_address(email)
    if not chosen:
        raise InvalidInput(_("Choose at least one role."), field="roles")
    require_grant(actor, chosen)
    return _offer(email=email, roles=chosen, actor=actor, invited_by=actor)


def _offer(*, email: str, roles: list[Group], actor: Any, invited_by: Any) -> Invitation:
    Invitation.objects.unanswered().filter(email__iexact=email).delete()
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(email=email, token_digest=_digest(token), invited_by=invited_by)
    invitation.roles.set(roles)
    record(actions.MEMBER_INVITED, actor=actor, target=invitation, after={"roles": sorted(r.name for r in roles)})
    mails.send_invitation(invitation, token)
    return invitation


@transaction.atomic
def invite_oneself(*, email: str) -> None:
    """Send an invitation to somebody whose domain may join by itself; for an address with an account nothing is sent.

    An open invitation of somebody else's is sent again as it is, for it may offer more.
    Raises InvalidInput for an address of another domain; otherwise the answer does not tell whether there is an account.
    """
    email = email.strip().lower()
    if email.rpartition("@")[2] not in resolve(SIGN_UP_DOMAINS).value:
        raise InvalidInput(_("Addresses of this domain join by invitation. Ask your administrator."), field="email")
    if User.objects.filter(email__iexact=email).exists():
        return
    standing = Invitation.objects.open().filter(email__iexact=email).first()
    roles = list(standing.roles.all()) if standing else [group_for(MEMBER)]
    _offer(email=_checked_address(email), roles=roles, actor=None, invited_by=standing and standing.invited_by)


def _checked_address(email: str) -> str:
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise InvalidInput(error.messages[0], field="email") from error
    if User.objects.filter(email__iexact=email).exists():
        raise InvalidInput(_("Somebody with this address has an account already."), field="email")
    return email


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def invite_again(*, actor: Any, invitation: Invitation) -> Invitation:
    """Send a new link, valid for seven days, instead of the former one. Raises Forbidden."""
    return invite(actor=actor, email=invitation.email, roles=list(invitation.roles.all()))


@transaction.atomic
def revoke_invitation(*, actor: Any, invitation: Invitation) -> None:
    """Make an invitation's link worthless. Raises Forbidden."""
    require(actor, "accounts.manage_members")
    record(actions.INVITATION_REVOKED, actor=actor, target=invitation)
    invitation.delete()


def open_invitation(token: str) -> Invitation:
    """Return the invitation that a link stands for. Raises NotFound when it was used, taken back or has run out."""
    invitation = Invitation.objects.open().filter(token_digest=_digest(token)).first()
    if invitation is None:
        raise NotFound(_("This invitation was used, taken back or has run out. Ask for a new one."))
    return invitation


@transaction.atomic
def accept_invitation(*, token: str, name: str, password: str, language: str = "") -> User:
    """Create the account that was offered. Raises NotFound, InvalidInput for an empty name or a weak password."""
    invitation = Invitation.objects.select_for_update().get(pk=open_invitation(token).pk)
    if not name.strip():
        raise InvalidInput(_("Write your name."), field="name")
    try:
        validate_password(password, User(email=invitation.email, name=name))
    except ValidationError as error:
        raise InvalidInput(" ".join(error.messages), field="password") from error
    if User.objects.filter(email__iexact=invitation.email).exists():
        raise NotFound(_("This invitation was used, taken back or has run out. Ask for a new one."))
    user = User.objects.create_user(invitation.email, password, name=name.strip()[:120], language=language)
    user.groups.set(invitation.roles.all())
    Invitation.objects.filter(pk=invitation.pk).update(accepted_at=timezone.now())
    record(actions.INVITATION_ACCEPTED, actor=user, target=user)
    return user


# -- roles and suspension ----------------------------------------------------------------------------------------


def people_who_may(app_label: str, codename: str) -> QuerySet[User]:
    """Return the active people whose roles hold a permission, owners among them; for telling them something."""
    wanted = Permission.objects.filter(content_type__app_label=app_label, codename=codename)
    people = User.objects.filter(is_active=True, is_service=False)
    return people.filter(Q(groups__permissions__in=wanted) | Q(is_superuser=True)).distinct()


def held_roles(user: User) -> list[Group]:
    """Return a person's roles; the other groups that they are in give no rights of their own."""
    return list(user.groups.exclude(role=None).select_related("role"))


@transaction.atomic
def set_roles(*, actor: Any, user: User, roles: Iterable[Group]) -> None:
    """Give a person these roles instead of their former ones.

    Raises Forbidden for what the actor may not give or take, InvalidInput without a role, Conflict for the last owner.
    """
    require(actor, "accounts.manage_members")
    _refuse_support(user)
    if user.is_outside:
        raise Forbidden(_("This account asks for people outside, and holds no roles. Share with it what they may use."))
    _lock_owners()
    before, after = set(held_roles(user)), set(roles)
    if before == after:
        return
    if not after:
        raise InvalidInput(_("Choose at least one role."), field="roles")
    require_grant(actor, before ^ after)
    user.groups.remove(*(before - after))
    user.groups.add(*(after - before))
    _require_an_owner()
    names = ({"roles": sorted(group.name for group in groups)} for groups in (before, after))
    record(actions.ROLES_CHANGED, actor=actor, target=user, before=next(names), after=next(names))
    if any(group.role.key == OWNER for group in after - before):
        notice(actions.OWNER_APPOINTED, actor=actor, subject=str(user))
    rights_changed.send(sender=User, user=user)


@transaction.atomic
def change_member(
    *, actor: Any, user: User, roles: Iterable[Group] | None = None, is_active: bool | None = None
) -> None:
    """Change roles, or whether somebody may come in, or both or nothing. Raises as set_roles() and suspend() do."""
    if roles is not None:
        set_roles(actor=actor, user=user, roles=roles)
    if is_active is not None:
        (restore if is_active else suspend)(actor=actor, user=user)


@transaction.atomic
def suspend(*, actor: Any, user: User) -> None:
    """Shut a person out at once: every session and token asks for an active account; open pages and work end. Raises Forbidden, Conflict."""
    require_power_over(actor, user)
    _lock_owners()
    if not user.is_active:
        return
    user.is_active = False
    user.save(update_fields=["is_active"])
    _require_an_owner()
    record(actions.MEMBER_SUSPENDED, actor=actor, target=user)
    rights_changed.send(sender=User, user=user)


@transaction.atomic
def restore(*, actor: Any, user: User) -> None:
    """Let a suspended person in again. Raises Forbidden."""
    require_power_over(actor, user)
    _refuse_support(user)
    if user.is_active:
        return
    user.is_active = True
    user.save(update_fields=["is_active"])
    record(actions.MEMBER_RESTORED, actor=actor, target=user)
    rights_changed.send(sender=User, user=user)


def require_power_over(actor: Any, user: User) -> None:
    """Raise Forbidden unless the actor manages members and could give every role that the person has."""
    require(actor, "accounts.manage_members")
    require_grant(actor, user.groups.all())


def _refuse_support(user: User) -> None:
    if user.operator_id is not None:
        raise Forbidden(_("This is the platform's support. Let it in, and end that, under Settings."))


def _lock_owners() -> None:
    """Let changes of who is an owner happen one after the other, so that the last two cannot go at once."""
    Group.objects.select_for_update().filter(role__key=OWNER).order_by().values_list("pk").first()


def _require_an_owner() -> None:
    """Raise Conflict when nobody active is an owner any more."""
    if not User.objects.holding(OWNER).filter(is_active=True).exists():
        raise Conflict(_("The organisation needs an owner. Appoint another one first."), code="last_owner")


def roles_with_rights() -> list[dict[str, Any]]:
    """Return each role with its words, what it may do as {right: has it}, and how many active people hold it."""
    holders = Count("user", filter=Q(user__is_active=True), distinct=True)
    groups = Group.objects.exclude(role=None).select_related("role").annotate(holders=holders).order_by("pk")
    return [
        {"group": group, "holders": group.holders, "rights": _rights_of(group)}
        for group in groups.prefetch_related("permissions__content_type")
    ]


def _rights_of(group: Group) -> list[tuple[Any, bool]]:
    held = {f"{p.content_type.app_label}.{p.codename}" for p in group.permissions.all()}
    return [(words, name in held) for name, words in RIGHTS.items()]
