"""Webhook: an address that is told what happens here; WebhookDelivery: one message to one of them, and what became of it."""

import uuid
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core import credentials
from apps.core.models import HoldsSecret, TimestampedModel


class Webhook(TimestampedModel, HoldsSecret):
    """A receiver of events, signed as https://www.standardwebhooks.com/ says.

    After a rotation the former secret signs as well until `former_until`, so that the receiver can change over.
    """

    class Event(models.TextChoices):
        RUN_WAITING = "run.waiting", _("A run waits for consent")
        RUN_FINISHED = "run.finished", _("A run ends, well or not")
        DOCUMENT_READY = "document.ready", _("A document can be searched")
        DOCUMENT_FAILED = "document.failed", _("A document could not be read")
        EXECUTION_FINISHED = "execution.finished", _("A workflow ends, well or not")
        TASK_WAITING = "task.waiting", _("A workflow waits for a decision")
        FEEDBACK_GIVEN = "feedback.given", _("Somebody says whether an answer was good")

    TRIAL = "webhook.trial"
    """What the button sends; no event of its own."""

    name = models.CharField(_("name"), max_length=40, unique=True)
    url = models.CharField(_("address"), max_length=300)
    events = ArrayField(models.CharField(max_length=32), verbose_name=_("events"))
    sealed_former = models.TextField(blank=True, editable=False)
    former_until = models.DateTimeField(_("former secret signs until"), null=True, editable=False)
    is_active = models.BooleanField(_("switched on"), default=True)
    off_because = models.CharField(_("why it is off"), max_length=300, blank=True, editable=False)

    class Meta:
        ordering = ("name",)
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")

    def __str__(self) -> str:
        return self.name

    def keep_former(self) -> None:
        """Put the present secret away as the former one."""
        self.sealed_former = credentials.seal(self.secret(), **self._former())

    def former_secret(self) -> str:
        """Return the former secret in the clear, "" when there is none."""
        return credentials.unseal(self.sealed_former, **self._former()) if self.sealed_former else ""

    def _former(self) -> dict[str, Any]:
        return self._place() | {"field": "sealed_former"}


class WebhookDelivery(models.Model):
    """A message on its way to a webhook; `about` names the object that it tells of ("run:<id>"), whose messages go in order of their ids.

    `message` is the `webhook-id` of every try; receivers of the same event get different ones.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("On its way")
        SENT = "sent", _("Delivered")
        DEAD = "dead", _("Given up")

    id = models.BigAutoField(primary_key=True)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries", verbose_name=_("webhook"))
    message = models.UUIDField(_("message id"), default=uuid.uuid4, unique=True, editable=False)
    event = models.CharField(_("event"), max_length=32)
    about = models.CharField(_("tells of"), max_length=80)
    payload = models.JSONField(_("message"))
    state = models.CharField(_("status"), max_length=8, choices=State, default=State.QUEUED)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    error = models.CharField(_("reason"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("happened"), auto_now_add=True)
    next_at = models.DateTimeField(_("next try"), null=True, editable=False)
    sent_at = models.DateTimeField(_("delivered"), null=True, editable=False)

    class Meta:
        ordering = ("-id",)
        verbose_name = _("delivery of a webhook")
        verbose_name_plural = _("deliveries of webhooks")
        indexes = (
            models.Index(fields=("webhook", "about", "id"), name="webhook_in_order", condition=Q(state="queued")),
            models.Index(fields=("webhook", "state", "-id"), name="webhook_by_state"),
        )

    def __str__(self) -> str:
        return f"{self.event}, {self.about}"
