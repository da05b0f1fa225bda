"""Conversation with its grants, Message, Citation and Feedback."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.grants import MANAGE, VIEW, GroupGrant, Shared, UserGrant
from apps.conversations.querysets import TEXT, ConversationQuerySet, FeedbackQuerySet, MessageQuerySet
from apps.core.models import TimestampedModel, UUIDModel
from apps.tenants.flags import CONVERSATION_SHARING


class Conversation(TimestampedModel, Shared):
    """A person's exchange with one agent. `updated_at` is the time of the newest message. Shared, others read it.

    `automation` is what asks in it, `chosen_because` says why the agent answers whom nobody chose.
    """

    LEVELS: ClassVar = {VIEW: _("Read it"), MANAGE: _("Read it and share it")}
    OPEN_TO: ClassVar = {VIEW: ""}
    OWNER, FLAG = "owner", CONVERSATION_SHARING

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="conversations", verbose_name=_("owner")
    )
    agent = models.ForeignKey("agents.Agent", on_delete=models.PROTECT, related_name="+", verbose_name=_("agent"))
    project = models.ForeignKey(
        "projects.Project",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="conversations",
        verbose_name=_("project"),
    )
    automation = models.ForeignKey(
        "workflows.Automation",
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="conversations",
        verbose_name=_("automation"),
    )
    title = models.CharField(_("title"), max_length=120)
    chosen_because = models.CharField(
        _("why this agent"), max_length=300, blank=True, default="", db_default="", editable=False
    )
    summary = models.TextField(_("summary of its beginning"), blank=True, default="", db_default="", editable=False)
    summary_until = models.ForeignKey(
        "conversations.Message", on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True)
    is_open = models.BooleanField(_("open to everybody in the organisation"), default=False)

    objects = ConversationQuerySet.as_manager()

    class Meta:
        ordering = ("-updated_at",)
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        permissions = (
            ("manage_conversation", "May share everybody's conversations"),
            ("list_conversation", "May see which conversations there are, not what was said"),
        )
        indexes = (models.Index(fields=("owner", "-updated_at"), name="conversation_own_newest"),)

    def __str__(self) -> str:
        return self.title


class ConversationUserGrant(UserGrant):
    content_object = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="user_grants")

    class Meta(UserGrant.Meta):
        pass


class ConversationGroupGrant(GroupGrant):
    content_object = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="group_grants")

    class Meta(GroupGrant.Meta):
        pass


class Message(UUIDModel):
    """One entry. An agent's entry belongs to a run and gets its text when that ends.

    Entries form a tree: an edited question or a further answer is a sibling of the former one, under the same
    `parent`. `unsupported` is what it quotes and no passage says. Those with `is_shown` are one path through it, the branch that the page shows and the agent remembers.
    """

    class Role(models.TextChoices):
        USER = "user", _("Person")
        ASSISTANT = "assistant", _("Agent")

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="messages")
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="children")
    position = models.PositiveIntegerField()
    role = models.CharField(max_length=16, choices=Role)
    text = models.TextField(blank=True)
    run = models.OneToOneField("agents.Run", on_delete=models.SET_NULL, null=True, related_name="message")
    is_shown = models.BooleanField(default=True)
    unsupported = models.JSONField(default=list, db_default=[])
    created_at = models.DateTimeField(auto_now_add=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ("conversation", "position")
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = (models.UniqueConstraint(fields=("conversation", "position"), name="message_position_unique"),)
        indexes = (GinIndex(TEXT, name="message_words"),)

    def __str__(self) -> str:
        return self.text[:60]


class Feedback(TimestampedModel):
    """What the person whose conversation it is says of an answer; `correction` is what would have been right."""

    message = models.OneToOneField(
        Message, on_delete=models.CASCADE, related_name="feedback", verbose_name=_("answer"), editable=False
    )
    is_good = models.BooleanField(_("good"))
    comment = models.TextField(_("comment"), blank=True)
    correction = models.TextField(_("what would have been right"), blank=True)

    objects = FeedbackQuerySet.as_manager()

    class Meta:
        ordering = ("-updated_at",)
        verbose_name = _("feedback")
        verbose_name_plural = _("feedback")

    def __str__(self) -> str:
        return self.comment[:60] or str(self.pk)


class Citation(UUIDModel):
    """A passage that an answer's `[number]` points to, copied so that it outlives a changed document.

    `quote` stood in the passage from `start` to `end`, in characters.
    """

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="citations")
    number = models.PositiveSmallIntegerField()
    is_cited = models.BooleanField(default=False)
    chunk = models.ForeignKey("knowledge.Chunk", on_delete=models.SET_NULL, null=True, related_name="citations")
    document = models.ForeignKey("knowledge.Document", on_delete=models.SET_NULL, null=True, related_name="citations")
    document_name = models.CharField(max_length=255)
    heading = models.CharField(max_length=500, blank=True)
    page = models.PositiveIntegerField(null=True)
    quote = models.TextField()
    start = models.PositiveIntegerField(null=True)
    end = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ("message", "number")
        constraints = (models.UniqueConstraint(fields=("message", "number"), name="citation_number_unique"),)

    def __str__(self) -> str:
        return f"[{self.number}] {self.document_name}"
