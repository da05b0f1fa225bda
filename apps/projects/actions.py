"""What people do with projects, as the audit names it."""

from django.utils.translation import gettext_lazy as _

from apps.audit.actions import Action

PROJECT_ADDED = Action("project.added", _("began a project"))
PROJECT_CHANGED = Action("project.changed", _("renamed or described a project"))
PROJECT_ARCHIVED = Action("project.archived", _("archived a project"))
PROJECT_RESTORED = Action("project.restored", _("took a project out of the archive"))
PROJECT_ASSIGNED = Action("project.assigned", _("assigned something to a project"))
PROJECT_RELEASED = Action("project.released", _("took something out of a project"))
