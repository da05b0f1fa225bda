"""What happens to budgets and prices, as the audit names it."""

from django.utils.translation import gettext_lazy as _

from apps.audit.actions import Action, Severity

BUDGET_ADDED = Action("budget.added", _("set a budget"))
BUDGET_CHANGED = Action("budget.changed", _("changed a budget"))
BUDGET_REMOVED = Action("budget.removed", _("removed a budget"), Severity.LOW)
BUDGET_WARNED = Action("budget.warned", _("is nearly spent"), Severity.LOW)
BUDGET_SPENT = Action("budget.spent", _("is spent"), Severity.MEDIUM)
MORE_ASKED = Action("budget.more_asked", _("asked for more budget"))
MORE_ANSWERED = Action("budget.more_answered", _("answered who asked for more budget"))
PRICE_SET = Action("price.set", _("set a price"))
PRICE_REMOVED = Action("price.removed", _("went back to the listed price"))
USAGE_EXPORTED = Action("usage.exported", _("took the usage out as a file"))
