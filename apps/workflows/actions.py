"""What people do with automations, as the audit names it."""

from django.utils.translation import gettext_lazy as _

from apps.audit.actions import Action

AUTOMATION_ADDED = Action("automation.added", _("made an automation"))
AUTOMATION_CHANGED = Action("automation.changed", _("changed an automation"))
AUTOMATION_REMOVED = Action("automation.removed", _("removed an automation"))
AUTOMATION_RESUMED = Action("automation.resumed", _("switched an automation on"))
AUTOMATION_PAUSED = Action("automation.paused", _("paused an automation"))
AUTOMATION_STARTED = Action("automation.started", _("started an automation by hand"))
BATCH_ADDED = Action("batch.added", _("uploaded a table to ask an agent with"))
BATCH_STARTED = Action("batch.started", _("started a batch"))
BATCH_STOPPED = Action("batch.stopped", _("stopped a batch"))
BATCH_PAUSED = Action("batch.paused", _("had a batch paused"))
BATCH_REMOVED = Action("batch.removed", _("removed a batch"))
DELIVERY_REPEATED = Action("delivery.repeated", _("had a result sent again"))
