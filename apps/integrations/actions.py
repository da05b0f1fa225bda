"""What people do with connections, as the audit names it."""

from django.utils.translation import gettext_lazy as _

from apps.audit.actions import Action, Severity

CONNECTION_ADDED = Action("connection.added", _("connected a service"))
CONNECTION_CHANGED = Action("connection.changed", _("changed a connection"))
CONNECTION_REMOVED = Action("connection.removed", _("removed a connection"))
OPERATIONS_CHANGED = Action("connection.operations_changed", _("changed what agents may call"))
DESCRIPTION_READ = Action("connection.description_read", _("read a service's description anew"))
DESCRIPTION_DIFFERS = Action(
    "connection.description_differs", _("found that a service describes a tool otherwise"), Severity.MEDIUM
)
