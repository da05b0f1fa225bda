"""Access to single objects: open to everybody, or given to people and groups, for a time and under conditions.

An app makes a model shareable by Shared, and by two tables of grants with a foreign key to it (UserGrant, GroupGrant, over
django-guardian's base models). A grant names one of the model's permissions, `<level>_<model>`; a level holds those below it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Exists, Func, OuterRef, Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from apps.core.caller import current_caller
from apps.core.models import UUIDModel
from apps.tenants.flags import Flag
from apps.tenants.rollout import is_on

VIEW, USE, CHANGE, MANAGE = "view", "use", "change", "manage"
ALL_LEVELS = (VIEW, USE, CHANGE, MANAGE)
PASSED_ON = (VIEW, USE)


_HOLDS = """(g.expires_at IS NULL OR g.expires_at > %s)
    AND (g.from_hour IS NULL OR g.from_hour <= EXTRACT(HOUR FROM statement_timestamp() AT TIME ZONE g.time_zone))
    AND (g.until_hour IS NULL OR g.until_hour > EXTRACT(HOUR FROM statement_timestamp() AT TIME ZONE g.time_zone))
    AND (NOT g.on_weekdays OR EXTRACT(ISODOW FROM statement_timestamp() AT TIME ZONE g.time_zone) < 6)
    AND (g.addresses = '{{}}' OR %s::inet <<= ANY(g.addresses::cidr[]))
    AND (NOT g.needs_second_factor OR %s)"""
_REACHES = "g.permission_id IN (SELECT id FROM auth_permission WHERE codename = ANY(%s))"
_GIVEN = f"""(
    {{pk}} IN (SELECT g.content_object_id FROM {{of_users}} g WHERE g.user_id = %s AND {_REACHES} AND {_HOLDS})
    OR {{pk}} IN (SELECT g.content_object_id FROM {{of_groups}} g
        WHERE g.group_id IN (SELECT group_id FROM {{memberships}} WHERE user_id = %s) AND {_REACHES} AND {_HOLDS})
)"""


class IsGiven(Func):
    """Whether an object was given to a person or a group of theirs, by a grant of a level that is in time and whose conditions are met.

    One expression written in SQL, and not two subqueries with a dozen lookups: every page asks it for several kinds of objects, and
    building and compiling those took most of the time that a question for rights took.
    """

    output_field = models.BooleanField()

    def __init__(self, model: Any, user: Any, level: str) -> None:
        super().__init__("pk")
        self.tables = {
            "of_users": model.user_grants.rel.related_model._meta.db_table,
            "of_groups": model.group_grants.rel.related_model._meta.db_table,
            "memberships": get_user_model().groups.through._meta.db_table,
        }
        caller = current_caller()
        codenames = [f"{each}_{model._meta.model_name}" for each in levels_from(level)]
        now = timezone.now()
        self.parameters = 2 * (user.pk, codenames, now, caller.address or None, caller.has_second_factor)

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> tuple[str, tuple[Any, ...]]:
        """Return the condition on the object's key, a column that has no parameters of its own."""
        pk, _none = compiler.compile(self.source_expressions[0])
        return _GIVEN.format(pk=pk, **self.tables), self.parameters


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

    class Meta(UserObjectPermissionBase.Meta):
        abstract = True


class GroupGrant(Grant, GroupObjectPermissionBase):
    """A group's access. Subclasses add `content_object` with the related name `group_grants`."""

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
        reached = Q(IsGiven(self.model, user, level))
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


def over_all(model: Any, level: str) -> list[str]:
    """Return the permissions that reach a level on every object, shut or open: to manage it, and for its eyes, to view it."""
    label, name = model._meta.app_label, model._meta.model_name
    return [f"{label}.manage_{name}", *([f"{label}.view_{name}"] if level == VIEW else [])]


def has_over_all(model: Any, user: Any, level: str) -> bool:
    return not user.is_outside and any(user.has_perm(permission) for permission in over_all(model, level))


def is_opened(model: Any, user: Any, level: str) -> bool:
    """Say whether the person reaches the level on open objects: by its permission, or by that of a higher level.

    An account that asks for people outside is not in the organisation that they are open to.
    """
    if user.is_outside:
        return False
    wanted = [model.OPEN_TO[each] for each in levels_from(level) if each in model.OPEN_TO]
    return any(not permission or user.has_perm(permission) for permission in wanted)
