"""Question and Measurement: what a collection should find, and how well it does."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import TimestampedModel
from apps.knowledge.models.collections import KnowledgeBase
from apps.knowledge.querysets import QuestionQuerySet


class Question(TimestampedModel):
    """A question with the document, by its name, that should answer it, so that a new version counts too; `quote` narrows it to a passage.

    One that is proposed is not asked before somebody adds it; one that was dismissed stays, so that it is not proposed again.
    `origin` is the key of the answer that somebody said something of, `remark` what they said.
    """

    class State(models.TextChoices):
        LABELLED = "labelled", _("Labelled")
        PROPOSED = "proposed", _("Proposed")
        DISMISSED = "dismissed", _("Dismissed")

    knowledge_base = models.ForeignKey(
        KnowledgeBase, on_delete=models.CASCADE, related_name="questions", verbose_name=_("collection")
    )
    text = models.CharField(_("question"), max_length=500)
    document_name = models.CharField(_("answered by the document"), max_length=255, blank=True)
    quote = models.CharField(_("in a passage with these words"), max_length=300, blank=True)
    state = models.CharField(
        _("status"), max_length=9, choices=State, default=State.LABELLED, db_default=State.LABELLED, editable=False
    )
    was_good = models.BooleanField(_("was answered well"), null=True, editable=False)
    remark = models.TextField(_("remark"), blank=True, default="", db_default="", editable=False)
    origin = models.UUIDField(null=True, editable=False, db_index=True)

    objects = QuestionQuerySet.as_manager()

    class Meta:
        ordering = ("text",)
        verbose_name = _("labelled question")
        verbose_name_plural = _("labelled questions")
        constraints = (models.UniqueConstraint(fields=("knowledge_base", "text"), name="question_once_a_collection"),)

    def __str__(self) -> str:
        return self.text


class Measurement(TimestampedModel):
    """One round of all questions. `ranks` is a list of {question, rank}, rank from 1, null: not among the first ten."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waits")
        DONE = "done", _("Measured")
        FAILED = "failed", _("Failed")

    knowledge_base = models.ForeignKey(KnowledgeBase, on_delete=models.CASCADE, related_name="measurements")
    note = models.CharField(_("note"), max_length=120, blank=True)
    state = models.CharField(_("status"), max_length=8, choices=State, default=State.WAITING)
    model_name = models.CharField(_("found by meaning with"), max_length=200, blank=True)
    passage_count = models.PositiveIntegerField(_("passages"), default=0)
    figures = models.JSONField(default=dict)
    ranks = models.JSONField(default=list)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ("-created_at",)
        verbose_name = _("measurement")
        verbose_name_plural = _("measurements")

    def __str__(self) -> str:
        return self.note or str(self.created_at)
