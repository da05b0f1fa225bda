"""Access to single objects: open to everybody, or given to people and groups, for a time and under conditions.

An app makes a model shareable by Shared, and by two tables of grants with a foreign key to it (UserGrant, GroupGrant, over
django-guardian's base models). A grant names one of the model's permissions, `<level>_<model>`; a level holds those below it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Exists, Func, OuterRef, Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from guardian.managers import GroupObjectPermissionManager, UserObjectPermissionManager
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from apps.core.caller import Caller, current_caller
from apps.core.models import UUIDModel
from apps.tenants.flags import Flag
from apps.tenants.rollout import is_on

VIEW, USE, CHANGE, MANAGE = "view", "use", "change", "manage"
ALL_LEVELS = (VIEW, USE, CHANGE, MANAGE)
PASSED_ON = (VIEW, USE)
SATURDAY = 6


class Holds(Func):
    """Whether a grant is in time and its conditions are met by whoever calls, now.

    One expression written in SQL, and not a dozen lookups: every page asks it for several kinds of objects, and building and
    compiling those took most of the time that a question for rights took.
    """

    FIELDS = ("expires_at", "from_hour", "until_hour", "on_weekdays", "time_zone", "addresses", "needs_second_factor")
    output_field = models.BooleanField()

    def __init__(self, caller: Caller, now: datetime) -> None:
        super().__init__(*self.FIELDS)
        self.caller, self.now = caller, now

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> tuple[str, tuple[Any, ...]]:
        """Return the condition on the row's columns, which have no parameters of their own."""
        columns = [compiler.compile(column)[0] for column in self.source_expressions]
        expires, from_hour, until_hour, on_weekdays, zone, addresses, needs_factor = columns
        clock = f"statement_timestamp() AT TIME ZONE {zone}"
        hour, weekday = f"EXTRACT(HOUR FROM {clock})", f"EXTRACT(ISODOW FROM {clock})"
        parameters: tuple[Any, ...] = (self.now,)
        conditions = [
            f"({expires} IS NULL OR {expires} > %s)",
            f"({from_hour} IS NULL OR {from_hour} <= {hour})",
            f"({until_hour} IS NULL OR {until_hour} > {hour})",
            f"(NOT {on_weekdays} OR {weekday} < {SATURDAY})",
        ]
        if self.caller.address:
            conditions.append(f"({addresses} = '{{}}' OR %s::inet <<= ANY({addresses}::cidr[]))")
            parameters += (self.caller.address,)
        else:
            conditions.append(f"{addresses} = '{{}}'")
        if not self.caller.has_second_factor:
            conditions.append(f"NOT {needs_factor}")
        return f"({' AND '.join(conditions)})", parameters


class GrantQuerySet(models.QuerySet[Any]):
    def holding(self) -> "GrantQuerySet":
        """Grants that are in time and whose conditions the caller meets now."""
        return self.filter(Holds(current_caller(), timezone.now()))


class Grant(UUIDModel):
    """How long, when and from where a grant holds; nothing of that set: always."""

    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("given by")
    )
    created_at = models.DateTimeField(_("given"), auto_now_add=True)
    expires_at = models.DateTimeField(_("until"), null=True, blank=True)
    from_hour = models.PositiveSmallIntegerField(
        _("from hour"), null=True, blank=True, validators=[MaxValueValidator(23)]
    )
    until_hour = models.PositiveSmallIntegerField(
        _("until hour"), null=True, blank=True, validators=[MaxValueValidator(24)]
    )
    on_weekdays = models.BooleanField(_("Monday to Friday"), default=False)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    addresses = ArrayField(models.CharField(max_length=64), verbose_name=_("addresses"), default=list, blank=True)
    needs_second_factor = models.BooleanField(_("with a second factor"), default=False)

    class Meta:
        abstract = True

    @property
    def level(self) -> str:
        """Return `view`, `use`, `change` or `manage`."""
        return self.permission.codename.partition("_")[0]  # type: ignore[attr-defined]

    @property
    def has_run_out(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()


class UserGrant(Grant, UserObjectPermissionBase):
    """A person's access. Subclasses add `content_object` with the related name `user_grants`."""

    objects = UserObjectPermissionManager.from_queryset(GrantQuerySet)()  # type: ignore[misc]

    class Meta(UserObjectPermissionBase.Meta):
        abstract = True


class GroupGrant(Grant, GroupObjectPermissionBase):
    """A group's access. Subclasses add `content_object` with the related name `group_grants`."""

    objects = GroupObjectPermissionManager.from_queryset(GrantQuerySet)()  # type: ignore[misc]

    class Meta(GroupObjectPermissionBase.Meta):
        abstract = True


class Shared(models.Model):
    """Something that can be shared: open to everybody with the right for it, or shut but for its grants."""

    LEVELS: ClassVar[Mapping[str, str | Promise]]
    """What can be given, the least first, with words for people."""
    OPEN_TO: ClassVar[Mapping[str, str]]
    """The permission that opens a level of an open object; empty: an account is enough."""
    OWNER: ClassVar[str] = ""
    """The field with the person whose object it is, who manages it; empty: nobody's."""
    FLAG: ClassVar[Flag | None] = None
    """The feature without which nothing is shared."""
    THROUGH: ClassVar[str] = ""
    """The many-to-many field to other shared objects (projects), whose viewers and users are this one's, too; empty: there is none."""

    is_open = models.BooleanField(_("open to everybody in the organisation"), default=True)

    class Meta:
        abstract = True


class SharedQuerySet(models.QuerySet[Any]):
    """Who reaches which objects of a Shared model."""

    def visible_to(self, user: Any) -> Any:
        """Objects that a person may know of."""
        return self.reached_by(user, VIEW)

    def usable_by(self, user: Any) -> Any:
        """Objects that a person may work with."""
        return self.reached_by(user, USE)

    def editable_by(self, user: Any) -> Any:
        """Objects that a person may change."""
        return self.reached_by(user, CHANGE)

    def manageable_by(self, user: Any) -> Any:
        """Objects that a person may share, shut and delete."""
        return self.reached_by(user, MANAGE)

    def reached_by(self, user: Any, level: str) -> Any:
        """Objects on which a person has a level or a higher one, by whichever way."""
        if not user.is_active:
            return self.none()
        if has_over_all(self.model, user, level):
            return self
        return self.owned_by(user) | self.given_to(user, level)

    def owned_by(self, user: Any) -> Any:
        """Objects that are a person's own; none, where objects are nobody's."""
        is_somebodys = self.model.OWNER and user.is_active  # type: ignore[attr-defined]
        return self.filter(**{self.model.OWNER: user}) if is_somebodys else self.none()  # type: ignore[attr-defined]

    def given_to(self, user: Any, level: str = VIEW) -> Any:
        """Objects that a person reaches because they were given to them, or are open."""
        flag = self.model.FLAG  # type: ignore[attr-defined]
        if not user.is_active or (flag is not None and not is_on(flag, user)):
            return self.none()
        own = Exists(held_grants(self.model.user_grants, level).filter(user_id=user.pk))  # type: ignore[attr-defined]
        through = Exists(held_grants(self.model.group_grants, level).filter(group__user=user.pk))  # type: ignore[attr-defined]
        reached = Q(own) | Q(through)
        if is_opened(self.model, user, level):
            reached |= Q(is_open=True)
        if self.model.THROUGH and level in PASSED_ON:  # type: ignore[attr-defined]
            reached |= self._is_passed_on(user, level)
        return self.filter(reached)

    def _is_passed_on(self, user: Any, level: str) -> Q:
        field: Any = self.model._meta.get_field(self.model.THROUGH)  # type: ignore[attr-defined]
        containers = field.related_model._default_manager.passing_on(user, level)
        rows = field.remote_field.through._default_manager.filter(
            **{field.m2m_field_name(): OuterRef("pk"), f"{field.m2m_reverse_field_name()}__in": containers}
        )
        return Q(Exists(rows))

    def passing_on(self, user: Any, level: str) -> Any:
        """Objects whose level a person also has on what is in them: those given to them, not those that a right over all reaches."""
        return self.given_to(user, level)


def levels_from(level: str) -> Sequence[str]:
    """Return a level and those above it."""
    return ALL_LEVELS[ALL_LEVELS.index(level) :]


def held_grants(relation: Any, level: str) -> Any:
    """Return the grants of an outer object that hold now and reach a level."""
    model = relation.rel.related_model
    name = relation.rel.model._meta.model_name
    codenames = [f"{each}_{name}" for each in levels_from(level)]
    return model.objects.holding().filter(content_object=OuterRef("pk"), permission__codename__in=codenames)


def over_all(model: Any, level: str) -> list[str]:
    """Return the permissions that reach a level on every object, shut or open: to manage it, and for its eyes, to view it."""
    label, name = model._meta.app_label, model._meta.model_name
    return [f"{label}.manage_{name}", *([f"{label}.view_{name}"] if level == VIEW else [])]


def has_over_all(model: Any, user: Any, level: str) -> bool:
    return any(user.has_perm(permission) for permission in over_all(model, level))


def is_opened(model: Any, user: Any, level: str) -> bool:
    """Say whether the person reaches the level on open objects: by its permission, or by that of a higher level."""
    wanted = [model.OPEN_TO[each] for each in levels_from(level) if each in model.OPEN_TO]
    return any(not permission or user.has_perm(permission) for permission in wanted)
