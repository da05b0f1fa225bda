"""Widget, an agent on the pages of other sites; Visitor, who asks it there; VisitorConversation, what they asked."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import HoldsSecret, TimestampedModel, UUIDModel
from apps.widgets.querysets import WidgetQuerySet


class Widget(TimestampedModel, HoldsSecret):
    """An agent on the pages of `origins`. What visitors ask is asked by `account`, which sees what is shared with it alone.

    The secret is the site's: with it the site names who is signed in there (a JSON Web Token, HS256).
    """

    name = models.CharField(_("name"), max_length=60, unique=True)
    agent = models.ForeignKey("agents.Agent", on_delete=models.CASCADE, related_name="widgets", verbose_name=_("agent"))
    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="widget", verbose_name=_("account")
    )
    origins = ArrayField(models.CharField(max_length=200), verbose_name=_("sites"))
    greeting = models.CharField(_("greeting"), max_length=300, blank=True)
    needs_identity = models.BooleanField(_("only for those whom the site names"), default=False)
    is_active = models.BooleanField(_("switched on"), default=True)

    objects = WidgetQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        verbose_name = _("chat on other sites")
        verbose_name_plural = _("chats on other sites")

    def __str__(self) -> str:
        return self.name


class Visitor(UUIDModel):
    """Somebody on another site: whom it names by `subject`, or with none of it whoever holds the visitor's token."""

    widget = models.ForeignKey(Widget, on_delete=models.CASCADE, related_name="visitors", verbose_name=_("widget"))
    subject = models.CharField(_("id on the site"), max_length=200, blank=True)
    name = models.CharField(_("name"), max_length=120, blank=True)
    created_at = models.DateTimeField(_("came"), auto_now_add=True)
    seen_at = models.DateTimeField(_("last seen"), auto_now_add=True)

    class Meta:
        ordering = ("-seen_at",)
        verbose_name = _("visitor")
        verbose_name_plural = _("visitors")
        constraints = (
            models.UniqueConstraint(
                fields=("widget", "subject"), condition=~Q(subject=""), name="visitor_subject_unique"
            ),
        )

    def __str__(self) -> str:
        return self.name or self.subject or str(self.pk)


class VisitorConversation(UUIDModel):
    """A conversation of a visitor; the newest is the one that they go on with."""

    visitor = models.ForeignKey(Visitor, on_delete=models.CASCADE, related_name="exchanges")
    conversation = models.OneToOneField(
        "conversations.Conversation", on_delete=models.CASCADE, related_name="visitor_conversation"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return str(self.conversation_id)
