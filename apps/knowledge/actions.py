"""What people do with knowledge, as the audit names it."""

from django.utils.translation import gettext_lazy as _

from apps.audit.actions import Action

COLLECTION_CREATED = Action("knowledge_base.created", _("created a collection"))
DOCUMENT_UPLOADED = Action("document.uploaded", _("uploaded a document"))
DOCUMENT_RETRIED = Action("document.retried", _("had a document read again"))
DOCUMENT_TAGGED = Action("document.tagged", _("changed the tags of a document"))
PASSAGE_CHANGED = Action("passage.changed", _("changed a passage of a document"))
PASSAGE_LEFT_OUT = Action("passage.left_out", _("left a passage out of searches"))
PASSAGE_TAKEN_IN = Action("passage.taken_in", _("took a passage into searches again"))
DOCUMENT_READ_AGAIN = Action("document.read_again", _("had a document read anew from its file"))
DOCUMENT_DELETED = Action("document.deleted", _("deleted a document"))
COLLECTION_MOVED = Action("collection.model_chosen", _("chose by which model a collection is found"))
COLLECTION_MOVE_STOPPED = Action("collection.model_kept", _("left a collection with the model that it had"))
COLLECTION_RANKED = Action("collection.ranking_chosen", _("chose how what a collection finds is ordered"))
SOURCE_ADDED = Action("source.added", _("added a source to a collection"))
SOURCE_CHANGED = Action("source.changed", _("changed a source of a collection"))
SOURCE_REMOVED = Action("source.removed", _("removed a source from a collection"))
SOURCE_ASKED = Action("source.asked", _("had a source looked through"))
SOURCE_SYNCED = Action("source.synced", _("took over what is new at a source"))
QUESTION_DISMISSED = Action("question.dismissed", _("dismissed a proposed question"))
QUESTIONS_ADDED = Action("questions.added", _("added labelled questions to a collection"))
QUESTION_REMOVED = Action("question.removed", _("removed a labelled question from a collection"))
COLLECTION_MEASURED = Action("collection.measured", _("had it measured how well a collection is found"))
