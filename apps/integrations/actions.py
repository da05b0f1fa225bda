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
SIGNED_IN = Action("connection.signed_in", _("let us in at a connected service"), Severity.LOW)
SIGNED_OUT = Action("connection.signed_out", _("forgot the sign-in at a connected service"))
SIGN_IN_LOST = Action("connection.sign_in_lost", _("was no longer let in by a connected service"), Severity.MEDIUM)
HOOK_OPENED = Action("connection.hook_opened", _("let a connected service tell what happens"))
HOOK_CLOSED = Action("connection.hook_closed", _("stopped listening to a connected service"))
WEBHOOK_ADDED = Action("webhook.added", _("added a webhook"), Severity.LOW)
WEBHOOK_CHANGED = Action("webhook.changed", _("changed a webhook"))
WEBHOOK_SECRET_CHANGED = Action("webhook.secret_changed", _("changed the secret of a webhook"))
WEBHOOK_TESTED = Action("webhook.tested", _("tried a webhook"))
WEBHOOK_REMOVED = Action("webhook.removed", _("removed a webhook"))
WEBHOOK_REPEATED = Action("webhook.repeated", _("had a message to a webhook sent again"))
WEBHOOK_SILENT = Action("webhook.silent", _("switched off a webhook to which nothing came through"), Severity.MEDIUM)
