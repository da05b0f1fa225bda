"""What people do with prompts, as the audit names it."""

from django.utils.translation import gettext_lazy as _

from apps.audit.actions import Action

PROMPT_ADDED = Action("prompt.added", _("wrote a prompt"))
PROMPT_CHANGED = Action("prompt.changed", _("renamed or described a prompt"))
PROMPT_VERSION_ADDED = Action("prompt.version_added", _("wrote a new version of a prompt"))
PROMPT_LABEL_SET = Action("prompt.label_set", _("put a label on a version of a prompt"))
PROMPT_ROLLED_BACK = Action("prompt.rolled_back", _("rolled a prompt back"))
PROMPT_LABEL_REMOVED = Action("prompt.label_removed", _("took a label off a prompt"))
PROMPT_TRIED = Action("prompt.tried", _("tried a prompt"))
PROMPT_REMOVED = Action("prompt.removed", _("removed a prompt"))
