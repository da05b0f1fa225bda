"""Custom roles, which give rights, and groups of people, to share with; both are Django groups.

A group is a role when it has a Role row. Nobody makes a role that holds more than they hold themselves.
"""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import ProtectedError, Q, QuerySet
from django.utils.translation import gettext as _

from apps.accounts import actions
from apps.accounts.events import rights_changed
from apps.accounts.models import Role, User
from apps.accounts.roles import RIGHTS, SYSTEM_ROLES
from apps.audit.services.trail import record
from apps.core.errors import Conflict, Forbidden, InvalidInput
from apps.core.models import is_uuid
from apps.core.permissions import require

MAX_NAME_CHARS = 80


@transaction.atomic
def save_role(
    *, actor: Any, name: str, rights: Iterable[str], description: str = "", group: Group | None = None
) -> Group:
    """Make a custom role, or change one; `rights` are keys of RIGHTS.

    Raises Forbidden for a right that the actor does not hold and for a system's role, InvalidInput for the name or rights.
    """
    require(actor, "accounts.manage_roles")
    before = None
    if group is not None:
        _require_custom(group)
        before = {"name": group.name, "rights": rights_of(group)}
    chosen = _checked_rights(actor, rights, held=before["rights"] if before else ())
    name = _checked_name(name, group)
    group = group or Group()
    group.name = name
    group.save()
    Role.objects.update_or_create(group=group, defaults={"description": description.strip()[:200]})
    group.permissions.set(_permissions(chosen))
    record(
        actions.ROLE_CHANGED if before else actions.ROLE_MADE,
        actor=actor,
        target=group,
        before=before,
        after={"name": name, "rights": chosen},
    )
    for user in group.user_set.all():
        rights_changed.send(sender=User, user=user)
    return group


def rights_of(group: Group) -> list[str]:
    """Return the rights that people know by name which a group holds."""
    held = {f"{p.content_type.app_label}.{p.codename}" for p in group.permissions.select_related("content_type")}
    return [name for name in RIGHTS if name in held]


def may_use_right(actor: Any, right: str) -> bool:
    """Say whether the actor may put a right into a role: they hold it, or appoint owners."""
    return actor is None or actor.has_perm("accounts.manage_owners") or actor.has_perm(right)


def _checked_rights(actor: Any, rights: Iterable[str], *, held: Iterable[str]) -> list[str]:
    wanted = [name for name in RIGHTS if name in set(rights)]
    if len(wanted) != len(set(rights)):
        raise InvalidInput(_("There is no such right."), field="rights")
    for name in set(wanted) ^ set(held):
        if not may_use_right(actor, name):
            raise Forbidden(_("“%(right)s” is a right that you do not hold.") % {"right": RIGHTS[name]}, field="rights")
    return wanted


def _permissions(rights: Iterable[str]) -> QuerySet[Permission]:
    wanted = Q(pk=None)
    for name in rights:
        label, codename = name.split(".")
        wanted |= Q(content_type__app_label=label, codename=codename)
    return Permission.objects.filter(wanted)


def _checked_name(name: str, group: Group | None) -> str:
    name = " ".join(name.split())[:MAX_NAME_CHARS]
    if not name:
        raise InvalidInput(_("Write a name."), field="name")
    others = Group.objects.filter(name__iexact=name)
    if group is not None:
        others = others.exclude(pk=group.pk)
    if others.exists() or name.lower() in SYSTEM_ROLES:
        raise InvalidInput(_("There is a role or group with this name."), field="name")
    return name


def _require_custom(group: Group) -> None:
    role = Role.objects.filter(group=group).first()
    if role is None or role.key:
        raise Forbidden(_("The roles of the system cannot be changed."))


@transaction.atomic
def remove_role(*, actor: Any, group: Group) -> None:
    """Remove a custom role that nobody has any more. Raises Forbidden, Conflict while somebody has it."""
    require(actor, "accounts.manage_roles")
    _require_custom(group)
    if group.user_set.exists():
        raise Conflict(_("Somebody has this role. Give them another one first."))
    record(actions.ROLE_REMOVED, actor=actor, target=group, before={"rights": rights_of(group)})
    _delete(group)


def _delete(group: Group) -> None:
    """Delete a role or group. Raises Conflict while something names it."""
    try:
        with transaction.atomic():
            group.delete()
    except ProtectedError as error:
        names = ", ".join(sorted(str(row) for row in error.protected_objects)[:5])
        raise Conflict(_("Something still depends on it: %(names)s") % {"names": names}) from error


# -- groups of people --------------------------------------------------------------------------------------------


def all_groups() -> QuerySet[Group]:
    """Return the groups to share with, by name; roles are none."""
    return Group.objects.filter(role=None).order_by("name")


@transaction.atomic
def save_group(*, actor: Any, name: str, members: Iterable[User], group: Group | None = None) -> Group:
    """Make a group of people, or change its name and who is in it. Raises Forbidden, InvalidInput, Conflict for a role."""
    require(actor, "accounts.manage_members")
    if group is not None and Role.objects.filter(group=group).exists():
        raise Conflict(_("This is a role."))
    name = _checked_name(name, group)
    before = {"name": group.name, "members": _names(group.user_set.all())} if group else None
    standing = set(group.user_set.all()) if group else set()
    is_new = group is None
    group = group or Group()
    group.name = name
    group.save()
    wanted = set(members)
    group.user_set.set(wanted)
    record(
        actions.GROUP_MADE if is_new else actions.GROUP_CHANGED,
        actor=actor,
        target=group,
        before=before,
        after={"name": name, "members": _names(wanted)},
    )
    for user in standing ^ wanted:
        rights_changed.send(sender=User, user=user)
    return group


def _names(users: Iterable[User]) -> list[str]:
    return sorted(str(user) for user in users)


@transaction.atomic
def remove_group(*, actor: Any, group: Group) -> None:
    """Remove a group with what was shared with it. Raises Forbidden, Conflict for a role."""
    require(actor, "accounts.manage_members")
    if Role.objects.filter(group=group).exists():
        raise Conflict(_("This is a role."))
    standing = list(group.user_set.all())
    record(actions.GROUP_REMOVED, actor=actor, target=group, before={"members": _names(standing)})
    _delete(group)
    for user in standing:
        rights_changed.send(sender=User, user=user)


def recipient(text: str) -> User | Group:
    """Find whom `user:<id>`, `group:<id>` or an e-mail address means. Raises InvalidInput."""
    text = text.replace("\0", "")
    kind, _sep, key = text.strip().partition(":")
    found: Any = None
    if kind == "user" and is_uuid(key):
        found = User.objects.filter(pk=key, is_active=True).first()
    elif kind == "group" and key.isdecimal() and len(key) < 10:
        found = Group.objects.filter(pk=int(key)).first()
    elif "@" in text:
        found = User.objects.filter(email__iexact=text.strip(), is_active=True).first()
    if found is None:
        raise InvalidInput(_("Choose a person or a group."), field="to")
    return found
