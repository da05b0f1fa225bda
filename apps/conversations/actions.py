"""What people do with conversations, as the audit names it."""

from django.utils.translation import gettext_lazy as _

from apps.audit.actions import Action

CONVERSATION_STARTED = Action("conversation.started", _("started a conversation"))
MESSAGE_EDITED = Action("message.edited", _("edited a message and sent it again"))
CONVERSATION_RENAMED = Action("conversation.renamed", _("renamed a conversation"))
CONVERSATION_ARCHIVED = Action("conversation.archived", _("archived a conversation"))
CONVERSATION_READ = Action("conversation.read", _("read somebody's conversation"))
ANSWER_RATED = Action("answer.rated", _("said whether an answer was good"))
FEEDBACK_WITHDRAWN = Action("feedback.withdrawn", _("took back what they said of an answer"))
CONVERSATION_RESTORED = Action("conversation.restored", _("took a conversation out of the archive"))
CONVERSATION_SAVED = Action("conversation.saved", _("saved a conversation as a file"))
