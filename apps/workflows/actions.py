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
WORKFLOW_ADDED = Action("workflow.added", _("made a workflow"))
WORKFLOW_CHANGED = Action("workflow.changed", _("changed a workflow"))
WORKFLOW_REMOVED = Action("workflow.removed", _("removed a workflow"))
WORKFLOW_STARTED = Action("workflow.started", _("started a workflow"))
EXECUTION_STOPPED = Action("workflow.stopped", _("stopped a workflow"))
EXECUTION_AGAIN = Action("workflow.again", _("had a workflow go on from where it failed"))
EXECUTION_REMOVED = Action("workflow.forgotten", _("removed what a workflow came to"))
STEP_DECIDED = Action("workflow.decided", _("decided in a workflow"))
DELIVERY_REPEATED = Action("delivery.repeated", _("had a result sent again"))
CHECKLIST_KEPT = Action("checklist.kept", _("kept a result as a checklist"))
CHECKLIST_TICKED = Action("checklist.ticked", _("ticked something on a checklist"))
CHECKLIST_CHANGED = Action("checklist.changed", _("changed a checklist"))
CHECKLIST_REMOVED = Action("checklist.removed", _("removed a checklist"))
