"""Who reaches a shared object, and why: giving access, taking it, shutting and opening, asking for it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from apps.accounts import actions
from apps.accounts.events import rights_changed
from apps.accounts.grants import ALL_LEVELS, MANAGE, PASSED_ON, VIEW, Grant, Shared, is_opened, over_all
from apps.accounts.models import User
from apps.accounts.networks import checked_networks
from apps.audit.services.trail import record
from apps.core.errors import Forbidden, InvalidInput
from apps.tenants.rollout import is_on


@dataclass(frozen=True)
class Conditions:
    """When a grant holds; the hours are those of `time_zone`, the addresses networks in CIDR notation."""

    expires_at: datetime | None = None
    from_hour: int | None = None
    until_hour: int | None = None
    on_weekdays: bool = False
    addresses: tuple[str, ...] = ()
    needs_second_factor: bool = False


ALWAYS = Conditions()


@transaction.atomic
def share(*, actor: Any, shared: Shared, to: User | Group, level: str, conditions: Conditions = ALWAYS) -> Grant:
    """Give a person or group a level, instead of the one they had.

    Raises Forbidden, InvalidInput for a level that there is not, an end that is over or hours that are none.
    """
    require_manage(actor, shared)
    if level not in shared.LEVELS:
        raise InvalidInput(_("Choose what they may do."), field="level")
    _check(conditions)
    rows = _rows(shared, to)
    before = [row.level for row in rows]
    rows.delete()
    grant = rows.model.objects.assign_perm(f"{level}_{shared._meta.model_name}", to, shared)
    zone = getattr(actor, "time_zone", "") or "UTC"
    values = vars(conditions) | {"addresses": checked_networks(conditions.addresses), "time_zone": zone}
    for field, value in values.items():
        setattr(grant, field, value)
    grant.granted_by = actor
    grant.save()
    told = {key: _told(value) for key, value in vars(conditions).items() if value}
    after = {"to": str(to), "level": level, **told}
    record(actions.ACCESS_GIVEN, actor=actor, target=shared, before={"level": before}, after=after)
    return grant


def _told(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else list(value) if isinstance(value, tuple) else value


def _check(conditions: Conditions) -> None:
    if conditions.expires_at is not None and conditions.expires_at <= timezone.now():
        raise InvalidInput(_("This day is over."), field="expires_at")
    hours = (conditions.from_hour, conditions.until_hour)
    if hours == (None, None):
        return
    if None in hours or not 0 <= hours[0] < hours[1] <= 24:  # type: ignore[operator]
        raise InvalidInput(_("Give both hours, the first before the second."), field="from_hour")


def _rows(shared: Shared, to: User | Group) -> Any:
    """Return the grants that somebody has on the object."""
    if isinstance(to, Group):
        return shared.group_grants.filter(group=to)  # type: ignore[attr-defined]
    return shared.user_grants.filter(user=to)  # type: ignore[attr-defined]


@transaction.atomic
def unshare(*, actor: Any, shared: Shared, to: User | Group) -> None:
    """Take from a person or group what was given to them on the object. Raises Forbidden."""
    require_manage(actor, shared)
    rows = _rows(shared, to)
    before = [row.level for row in rows]
    if not before:
        return
    rows.delete()
    record(actions.ACCESS_TAKEN, actor=actor, target=shared, before={"to": str(to), "level": before})
    for user in to.user_set.all() if isinstance(to, Group) else [to]:
        rights_changed.send(sender=User, user=user)


@transaction.atomic
def set_open(*, actor: Any, shared: Shared, is_open: bool) -> None:
    """Open an object to everybody, or shut it but for its grants. Raises Forbidden."""
    require_manage(actor, shared)
    if shared.is_open == is_open:
        return
    type(shared)._default_manager.filter(pk=shared.pk).update(is_open=is_open)
    shared.is_open = is_open
    record(actions.ACCESS_OPENED if is_open else actions.ACCESS_SHUT, actor=actor, target=shared)


def give_to_maker(*, shared: Shared, maker: Any) -> None:
    """Have the person who made an object manage it."""
    if maker is not None:
        shared.user_grants.model.objects.assign_perm(f"{MANAGE}_{shared._meta.model_name}", maker, shared)  # type: ignore[attr-defined]


def require_manage(actor: Any, shared: Shared) -> None:
    """Raise Forbidden unless the actor may share the object and sharing is switched on; None is the system, which may."""
    if actor is not None and shared.FLAG is not None and not is_on(shared.FLAG, actor):
        raise Forbidden(_("“%(feature)s” is not switched on for you.") % {"feature": shared.FLAG.words})
    if actor is not None and not may_manage(actor, shared):
        raise Forbidden(_("Only those who manage this can share it."))


def may_manage(user: Any, shared: Shared) -> bool:
    return type(shared)._default_manager.manageable_by(user).filter(pk=shared.pk).exists()  # type: ignore[attr-defined]


def grants_on(shared: Shared) -> list[Grant]:
    """Return who was given what, groups first, by name."""
    groups = shared.group_grants.select_related("group__role", "permission", "granted_by").order_by("group__name")  # type: ignore[attr-defined]
    people = shared.user_grants.select_related("user", "permission", "granted_by").order_by("user__name")  # type: ignore[attr-defined]
    return [*groups, *people]


# -- why ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reason:
    """One way in which a person reaches an object: what it lets them do, where it comes from, whether it is in time.

    Conditions of a grant depend on where and how somebody asks, so they are told and not judged.
    """

    level: str
    words: str | Promise
    source: str
    holds: bool = True
    grant: Grant | None = None


def explain(*, user: User, shared: Shared) -> list[Reason]:
    """Name every way in which a person reaches an object, the strongest first; a suspended person has none."""
    if not user.is_active:
        return []
    found = [*_by_owning(user, shared), *_by_roles(user, shared)]
    if shared.FLAG is None or is_on(shared.FLAG, user):
        found += [*_by_openness(user, shared), *_by_grants(user, shared), *_by_containers(user, shared)]
    return sorted(found, key=lambda reason: ALL_LEVELS.index(reason.level), reverse=True)


def _by_owning(user: User, shared: Shared) -> Iterable[Reason]:
    if shared.OWNER and getattr(shared, f"{shared.OWNER}_id") == user.pk:
        yield Reason(MANAGE, shared.LEVELS[MANAGE], _("It is their own."))


def _by_roles(user: User, shared: Shared) -> Iterable[Reason]:
    permissions = dict.fromkeys(over_all(shared, VIEW), VIEW) | dict.fromkeys(over_all(shared, MANAGE), MANAGE)
    for name, level in permissions.items():
        for group in _groups_with(user, name):
            source = _("The role “%(role)s” reaches all of this kind.") % {"role": group.name}
            yield Reason(level, shared.LEVELS.get(level, _("See that it is there")), source)


def _by_openness(user: User, shared: Shared) -> Iterable[Reason]:
    if not shared.is_open:
        return
    for level, words in shared.LEVELS.items():
        permission = shared.OPEN_TO.get(level)
        if permission is None or not is_opened(type(shared), user, level):
            continue
        source = _("It is open to everybody in the organisation.")
        roles = ", ".join(group.name for group in _groups_with(user, permission)) if permission else ""
        if roles:
            source += " " + _("The right for it comes from: %(roles)s.") % {"roles": roles}
        yield Reason(level, words, source)


def _by_grants(user: User, shared: Shared) -> Iterable[Reason]:
    for grant in shared.user_grants.filter(user=user).select_related("permission", "granted_by"):  # type: ignore[attr-defined]
        source = _("Given to them by %(name)s.") % {"name": grant.granted_by or _("the system")}
        yield Reason(grant.level, shared.LEVELS[grant.level], source, not grant.has_run_out, grant)
    rows = shared.group_grants.filter(group__user=user)  # type: ignore[attr-defined]
    for grant in rows.select_related("permission", "granted_by", "group"):
        source = _("Given to the group “%(group)s” by %(name)s.") % {
            "group": grant.group.name,
            "name": grant.granted_by or _("the system"),
        }
        yield Reason(grant.level, shared.LEVELS[grant.level], source, not grant.has_run_out, grant)


def _by_containers(user: User, shared: Shared) -> Iterable[Reason]:
    if not shared.THROUGH:
        return
    for level in reversed(PASSED_ON):
        for container in getattr(shared, shared.THROUGH).passing_on(user, level):
            words = shared.LEVELS.get(level, _("See that it is there"))
            yield Reason(level, words, _("A member of the project “%(name)s”.") % {"name": container})


def _groups_with(user: User, permission: str) -> list[Group]:
    label, codename = permission.split(".")
    wanted = Permission.objects.filter(content_type__app_label=label, codename=codename)
    return list(user.groups.filter(permissions__in=wanted))
