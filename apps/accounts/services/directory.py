"""What an organisation's directory does to its people through SCIM: add, change, remove. Groups go through services/groups."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts import actions
from apps.accounts.models import DirectoryGroup, User
from apps.accounts.roles import MEMBER, group_for
from apps.accounts.services import groups, members
from apps.audit.services.trail import record
from apps.core.errors import Conflict, InvalidInput
from apps.core.permissions import require

FIELDS = ("email", "name", "external_id")


def people() -> QuerySet[User]:
    """Return the people that a directory sees: no service accounts, nobody it removed."""
    return User.objects.filter(is_service=False, removed_at=None).order_by("created_at", "pk")


@transaction.atomic
def add_person(*, actor: Any, email: str, name: str, external_id: str = "", is_active: bool = True) -> User:
    """Make an account without a password, a member; somebody whom the directory removed comes back as they were.

    Raises Forbidden, InvalidInput, Conflict (`uniqueness`) for an address that somebody has.
    """
    require(actor, "accounts.manage_members")
    email, name = _checked(email, name)
    user = User.objects.filter(email__iexact=email).first()
    if user is not None and (user.removed_at is None or user.is_service):
        raise Conflict(_("Somebody with this address has an account already."), code="uniqueness")
    if user is None:
        user = User.objects.create_user(email, None, name=name, external_id=external_id[:200])
        user.groups.add(group_for(MEMBER))
    else:
        members.restore(actor=actor, user=user)
        user.name, user.external_id, user.removed_at = name, external_id[:200], None
        user.save(update_fields=["name", "external_id", "removed_at"])
    record(actions.PERSON_PROVISIONED, actor=actor, target=user, after={"email": email, "external_id": external_id})
    if not is_active:
        members.suspend(actor=actor, user=user)
    return user


@transaction.atomic
def change_person(*, actor: Any, user: User, is_active: bool | None = None, **values: str) -> User:
    """Change address, name, id in the directory, or whether somebody may come in.

    Raises Forbidden (also for somebody with more rights than the actor's), InvalidInput, Conflict.
    """
    members.require_power_over(actor, user)
    wanted = {field: getattr(user, field) for field in FIELDS} | values
    wanted["email"], wanted["name"] = _checked(wanted["email"], wanted["name"])
    wanted["external_id"] = wanted["external_id"][:200]
    if User.objects.filter(email__iexact=wanted["email"]).exclude(pk=user.pk).exists():
        raise Conflict(_("Somebody with this address has an account already."), code="uniqueness")
    before = {field: getattr(user, field) for field in FIELDS}
    if before != wanted:
        for field, value in wanted.items():
            setattr(user, field, value)
        user.save(update_fields=list(FIELDS))
        record(actions.PERSON_SYNCED, actor=actor, target=user, before=before, after=wanted)
    members.change_member(actor=actor, user=user, is_active=is_active)
    return user


@transaction.atomic
def remove_person(*, actor: Any, user: User) -> None:
    """Shut somebody out and hide them from the directory; what they made stays. Raises Forbidden, Conflict for the last owner."""
    members.suspend(actor=actor, user=user)
    user.removed_at = timezone.now()
    user.save(update_fields=["removed_at"])
    record(actions.PERSON_REMOVED, actor=actor, target=user)


def _checked(email: str, name: str) -> tuple[str, str]:
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise InvalidInput(_("userName must be an e-mail address."), field="userName") from error
    return email, " ".join(name.split())[:120] or email.partition("@")[0]


@transaction.atomic
def save_group(*, actor: Any, name: str, members: list[User], external_id: str | None = None, group: Any = None) -> Any:
    """Make or change a group, with the id that the directory gives it; members whom it does not see stay.

    Raises as services.groups.save_group does.
    """
    unseen = list(group.user_set.exclude(pk__in=people())) if group else []
    saved = groups.save_group(actor=actor, name=name, members=[*members, *unseen], group=group)
    if external_id is not None:
        DirectoryGroup.objects.update_or_create(group=saved, defaults={"external_id": external_id[:200]})
    return saved
