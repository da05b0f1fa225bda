"""What people do with providers and models, as the audit names it."""

from django.utils.translation import gettext_lazy as _

from apps.audit.actions import Action, Severity

PROVIDER_ADDED = Action("provider.added", _("set up a provider"))
PROVIDER_CHANGED = Action("provider.changed", _("changed a provider"))
PROVIDER_REMOVED = Action("provider.removed", _("removed a provider"), Severity.LOW)
PROVIDER_TESTED = Action("provider.tested", _("tried a provider's connection"))
BREAKER_RESET = Action("provider.breaker_reset", _("let a provider be asked again"))
MODEL_ADDED = Action("model.added", _("added a model"))
MODEL_CHANGED = Action("model.changed", _("changed a model"))
MODEL_REMOVED = Action("model.removed", _("removed a model"))
