"""What can be done with checklists: keep one from a run's result, tick, change and add what is to be done, remove it; remind people."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.telling import tell
from apps.agents.blueprints import Agenda
from apps.agents.blueprints.registry import blueprint_named
from apps.agents.models import Run
from apps.audit.services.trail import record
from apps.core.errors import Conflict, Forbidden, InvalidInput
from apps.core.permissions import require
from apps.core.tenancy import has_tenant
from apps.workflows import actions
from apps.workflows.models import Checklist, ChecklistItem

MOST_ITEMS, AHEAD_DAYS, EVERY_DAYS = 200, 1, 3
"""Who has something to do is reminded the day before, and every third day after it is due."""


def agenda_of(run: Run) -> Agenda | None:
    """Return the duties that come of a run's result; None for one of which none come, or that has not ended well."""
    blueprint = blueprint_named(run.blueprint)
    if blueprint is None or blueprint.agenda is None or run.state != Run.State.SUCCEEDED:
        return None
    return blueprint.agenda(blueprint.gives.model_validate(run.result))


@transaction.atomic
def keep(*, actor: Any, run: Run) -> Checklist:
    """Keep what a run proposes as a checklist, and tell those who have something to do. Raises Forbidden, Conflict."""
    require(actor, "agents.use_agent")
    agenda = agenda_of(run)
    if agenda is None:
        raise Conflict(_("Nothing comes of this run that could be kept as a checklist."), code="no_agenda")
    people = _people({agenda.email, *(duty.email for duty in agenda.duties)})
    row = Checklist(name=agenda.name[:160], owner=actor, person=people.get(agenda.email), run=run)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise Conflict(_("This is kept as a checklist already."), code="kept") from error
    ChecklistItem.objects.bulk_create(
        ChecklistItem(
            checklist=row,
            number=number,
            title=duty.title[:200],
            phase=duty.phase[:80],
            note=duty.note[:500],
            due=duty.due,
            who=duty.who[:120],
            assignee=people.get(duty.email),
        )
        for number, duty in enumerate(agenda.duties[:MOST_ITEMS], 1)
    )
    record(actions.CHECKLIST_KEPT, actor=actor, target=row, after={"name": row.name, "items": len(agenda.duties)})
    _tell_all(row, but=actor)
    return row


def _people(addresses: set[str]) -> dict[str, User]:
    found = User.objects.filter(email__in=addresses - {""}, is_active=True, is_service=False)
    return {user.email: user for user in found}


def _tell_all(row: Checklist, *, but: Any) -> None:
    """Tell everybody once what of a new checklist is theirs."""
    for person, items in _by_person(row.items.select_related("assignee")).items():
        if person.pk != but.pk:
            tell(person, "workflows/email/checklist", f"/checklists/{row.pk}/", checklist=row, items=items)


def _by_person(items: Any) -> dict[User, list[ChecklistItem]]:
    found: dict[User, list[ChecklistItem]] = defaultdict(list)
    for item in items:
        if item.assignee is not None:
            found[item.assignee].append(item)
    return found


@transaction.atomic
def tick(*, actor: Any, item: ChecklistItem, is_done: bool) -> None:
    """Say that something is done, or is not after all; the same again changes nothing. Raises Forbidden."""
    if not ChecklistItem.objects.ticked_by(actor).filter(pk=item.pk).exists():
        raise Forbidden(_("You may not do this. Your administrator can give you access."))
    locked = ChecklistItem.objects.select_for_update().get(pk=item.pk)
    if (locked.done_at is not None) == is_done:
        return
    locked.done_at, locked.done_by = (timezone.now(), actor) if is_done else (None, None)
    locked.save(update_fields=["done_at", "done_by"])
    record(actions.CHECKLIST_TICKED, actor=actor, target=locked.checklist, after={"item": locked.title, "is_done": is_done})  # fmt: skip


@transaction.atomic
def add_item(*, actor: Any, checklist: Checklist, values: Mapping[str, Any]) -> ChecklistItem:
    """Add something to be done. Raises Forbidden, InvalidInput with the field, Conflict when the list is full."""
    require_changing(actor, checklist)
    Checklist.objects.select_for_update().get(pk=checklist.pk)
    if checklist.items.count() >= MOST_ITEMS:
        raise Conflict(_("At most %(n)d tasks.") % {"n": MOST_ITEMS})
    last = checklist.items.aggregate(last=Max("number"))["last"] or 0
    item = ChecklistItem(checklist=checklist, number=last + 1)
    _fill(item, values)
    item.save()
    record(actions.CHECKLIST_CHANGED, actor=actor, target=checklist, after={"item": item.title, **_told(item)})
    return item


@transaction.atomic
def change_item(*, actor: Any, item: ChecklistItem, values: Mapping[str, Any]) -> ChecklistItem:
    """Change what is to be done, by when, or whose it is. Raises Forbidden, InvalidInput with the field."""
    require_changing(actor, item.checklist)
    locked = ChecklistItem.objects.select_for_update(of=("self",)).select_related("checklist").get(pk=item.pk)
    before = _told(locked)
    _fill(locked, values)
    if locked.due != item.due:
        locked.reminded_on = None
    locked.save()
    after = _told(locked)
    record(actions.CHECKLIST_CHANGED, actor=actor, target=locked.checklist, before={"item": item.title, **before}, after={"item": locked.title, **after})  # fmt: skip
    return locked


@transaction.atomic
def settle(*, actor: Any, item: ChecklistItem, values: Mapping[str, Any]) -> None:
    """Change what is given of an item, and tick it or not (`is_done`), all or nothing. Raises what `change_item` and `tick` raise."""
    changes = {name: value for name, value in values.items() if name != "is_done"}
    if changes:
        change_item(actor=actor, item=item, values=changes)
    if "is_done" in values:
        tick(actor=actor, item=item, is_done=values["is_done"])


@transaction.atomic
def remove_item(*, actor: Any, item: ChecklistItem) -> None:
    """Take something off a checklist. Raises Forbidden."""
    require_changing(actor, item.checklist)
    record(actions.CHECKLIST_CHANGED, actor=actor, target=item.checklist, before={"item": item.title, **_told(item)})
    item.delete()


@transaction.atomic
def remove(*, actor: Any, checklist: Checklist) -> None:
    """Remove a checklist with all that stands on it. Raises Forbidden."""
    require_changing(actor, checklist)
    record(actions.CHECKLIST_REMOVED, actor=actor, target=checklist, before={"name": checklist.name})
    checklist.delete()


def require_changing(actor: Any, checklist: Checklist) -> None:
    """Raise Forbidden unless the checklist is the actor's, or they look after everybody's."""
    if not Checklist.objects.changeable_by(actor).filter(pk=checklist.pk).exists():
        raise Forbidden(_("You may not do this. Your administrator can give you access."))


def _fill(item: ChecklistItem, values: Mapping[str, Any]) -> None:
    for field, most in (("title", 200), ("note", 500), ("who", 120)):
        if field in values:
            setattr(item, field, " ".join(str(values[field]).split())[:most])
    if not item.title:
        raise InvalidInput(_("Write what is to be done."), field="title")
    if "due" in values:
        item.due = values["due"]
    if not isinstance(item.due, date):
        raise InvalidInput(_("Choose a day."), field="due")
    if "assignee" in values:
        item.assignee = _assignee(str(values["assignee"] or "").strip().lower())


def _assignee(address: str) -> User | None:
    if not address:
        return None
    found = _people({address}).get(address)
    if found is None:
        raise InvalidInput(_("Nobody here has this address."), field="assignee")
    return found


def _told(item: ChecklistItem) -> dict[str, Any]:
    return {"due": item.due.isoformat(), "assignee": item.assignee.email if item.assignee else ""}


def remind() -> None:
    """Write to everybody who has something to do: the day before it is due, and every third day after; nothing outside tenants."""
    if not has_tenant():
        return
    today = timezone.localdate(timezone=ZoneInfo("UTC"))
    near = Q(due__lte=today + timedelta(days=AHEAD_DAYS))
    again = Q(reminded_on=None) | Q(reminded_on__lte=today - timedelta(days=EVERY_DAYS))
    open_items = ChecklistItem.objects.filter(near, again, done_at=None, assignee__is_active=True)
    for person, items in _by_person(open_items.select_related("assignee", "checklist").order_by("due")).items():
        _remind(person, items, today)


@transaction.atomic
def _remind(person: User, items: Sequence[ChecklistItem], today: date) -> None:
    if tell(person, "workflows/email/reminder", "/checklists/", items=items):
        ChecklistItem.objects.filter(pk__in=[item.pk for item in items]).update(reminded_on=today)
