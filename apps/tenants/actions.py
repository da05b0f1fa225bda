"""What happens to tenants, as the platform's audit names it."""

from django.utils.translation import gettext_lazy as _

from apps.audit.actions import Action

TENANT_REQUESTED = Action("tenant.requested", _("asked for an organisation"))
TENANT_PROVISIONED = Action("tenant.provisioned", _("set up an organisation"))
TENANT_RENAMED = Action("tenant.renamed", _("renamed the organisation"))
LOOKS_CHANGED = Action("tenant.looks", _("changed how the organisation looks"))
FLAG_CHANGED = Action("flag.changed", _("changed who has a feature"))
OPTION_CHANGED = Action("option.changed", _("changed a setting"))
TENANT_DISCARDED = Action("tenant.discarded", _("gave up setting up an organisation"))
CACHES_EMPTIED = Action("caches.emptied", _("emptied caches"))
PLAN_SAVED = Action("plan.saved", _("set what a plan allows"))
PLAN_REMOVED = Action("plan.removed", _("removed a plan"))
PLAN_GIVEN = Action("plan.given", _("gave an organisation a plan"))
