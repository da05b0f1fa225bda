"""What people do with agents, as the audit names it."""

from django.utils.translation import gettext_lazy as _

from apps.audit.actions import Action

RUN_STARTED = Action("run.started", _("started a run"))
RUN_CANCELLED = Action("run.cancelled", _("stopped a run"))
