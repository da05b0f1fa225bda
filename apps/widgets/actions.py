"""What happens to widgets, for the audit."""

from django.utils.translation import gettext_lazy as _

from apps.audit.actions import Action, Severity

WIDGET_ADDED = Action("widget.added", _("put an agent on another site"), Severity.MEDIUM)
WIDGET_CHANGED = Action("widget.changed", _("changed a chat on another site"))
WIDGET_SECRET_CHANGED = Action("widget.secret_changed", _("changed the secret that visitors are named with"))
WIDGET_REMOVED = Action("widget.removed", _("took an agent off another site"))
VISITOR_CAME = Action("widget.visitor_came", _("let a visitor of another site ask"))
