"""What can be done with projects: begin one, describe it, archive it, assign things to it, set what holds in it."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.grants import Shared
from apps.accounts.services.sharing import give_to_maker, may_manage
from apps.audit.services.trail import record
from apps.core.errors import Conflict, Forbidden, InvalidInput, NotFound
from apps.core.language import one_line
from apps.core.models import is_uuid
from apps.core.permissions import require
from apps.projects import actions
from apps.projects.models import Project
from apps.projects.registry import Assignable
from apps.tenants.models import OptionValue
from apps.tenants.options import Option
from apps.tenants.services import set_option_of

ADD = "projects.add_project"


@transaction.atomic
def begin_project(*, actor: Any, name: str, description: str = "") -> Project:
    """Make a project that its maker manages and nobody else reaches yet.

    Raises Forbidden, InvalidInput for an empty name, Conflict for a taken one.
    """
    require(actor, ADD)
    project = Project(name=_checked_name(name), description=one_line(description, 300))
    _save(project)
    give_to_maker(shared=project, maker=actor)
    record(actions.PROJECT_ADDED, actor=actor, target=project, after={"name": project.name})
    return project


@transaction.atomic
def describe_project(*, actor: Any, project: Project, name: str, description: str) -> None:
    """Rename or describe a project. Raises Forbidden, InvalidInput, Conflict for a taken name."""
    require_manager(actor, project)
    before = {"name": project.name, "description": project.description}
    project.name, project.description = _checked_name(name), one_line(description, 300)
    _save(project)
    after = {"name": project.name, "description": project.description}
    if after != before:
        record(actions.PROJECT_CHANGED, actor=actor, target=project, before=before, after=after)


@transaction.atomic
def archive_project(*, actor: Any, project: Project, is_archived: bool = True) -> None:
    """Archive a project, or take it out again; twice changes nothing. Raises Forbidden.

    In the archive nothing begins in it, and its members reach nothing through it.
    """
    require_manager(actor, project)
    if (project.archived_at is not None) == is_archived:
        return
    project.archived_at = timezone.now() if is_archived else None
    project.save(update_fields=["archived_at", "updated_at"])
    record(actions.PROJECT_ARCHIVED if is_archived else actions.PROJECT_RESTORED, actor=actor, target=project)


@transaction.atomic
def assign(*, actor: Any, project: Project, kind: Assignable, thing: Any) -> None:
    """Assign something to a project, whose members reach it from then on; twice changes nothing.

    Raises Forbidden unless the actor manages both, Conflict for an archived project.
    """
    require_manager(actor, project)
    _require_manager_of(actor, thing)
    if project.archived_at is not None:
        raise Conflict(_("The project is archived. Take it out of the archive first."))
    if kind.assigned_to(project).filter(pk=thing.pk).exists():
        return
    thing.projects.add(project)
    record(actions.PROJECT_ASSIGNED, actor=actor, target=project, after={"kind": kind.key, "name": str(thing)})


@transaction.atomic
def release(*, actor: Any, project: Project, kind: Assignable, thing: Any) -> None:
    """Take something out of a project; who reached it by the project alone does so no longer. Raises Forbidden."""
    require_manager(actor, project)
    if not kind.assigned_to(project).filter(pk=thing.pk).exists():
        return
    thing.projects.remove(project)
    record(actions.PROJECT_RELEASED, actor=actor, target=project, before={"kind": kind.key, "name": str(thing)})


def set_project_option(*, actor: Any, project: Project, option: Option, value: Any) -> None:
    """Set an option for one project; None takes it back to the organisation's. Raises Forbidden, InvalidInput."""
    require_manager(actor, project)
    set_option_of(actor=actor, option=option, value=value, level=OptionValue.Level.PROJECT, target=project)


def project_of_key(user: Any, key: object) -> Project | None:
    """Return the project that a request names by its key, None when it names none. Raises NotFound for one that the person does not see."""
    if not key:
        return None
    found = Project.objects.visible_to(user).filter(pk=key).first() if is_uuid(str(key)) else None
    if found is None:
        raise NotFound(_("There is no such project, or you may not see it."))
    return found


def require_manager(actor: Any, project: Project) -> None:
    """Raise Forbidden unless the actor manages the project."""
    if not may_manage(actor, project):
        raise Forbidden(_("Only those who manage this project may do this."))


def require_contributor(actor: Any, project: Project) -> None:
    """Raise Conflict for an archived project, Forbidden unless the actor works in it."""
    if project.archived_at is not None:
        raise Conflict(_("The project “%(name)s” is archived: nothing new begins in it.") % {"name": project.name})
    if not Project.objects.usable_by(actor).filter(pk=project.pk).exists():
        raise Forbidden(_("You do not work in this project (any more)."))


def _require_manager_of(actor: Any, thing: Shared) -> None:
    if not may_manage(actor, thing):
        raise Forbidden(_("You can assign what you manage: its members will reach it."))


def _save(project: Project) -> None:
    try:
        with transaction.atomic():
            project.save()
    except IntegrityError as error:
        raise Conflict(_("There is a project of this name already.")) from error


def _checked_name(name: str) -> str:
    name = one_line(name, 80)
    if not name:
        raise InvalidInput(_("Give the project a name."), field="name")
    return name
