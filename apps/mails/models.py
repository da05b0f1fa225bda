"""OutgoingMail: a message on its way. What it says is sealed, and gone once it was sent, for it may carry a link that signs in."""

from datetime import timedelta
from email.utils import make_msgid
from typing import Any

import orjson
from django.contrib.postgres.fields import ArrayField
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core import credentials
from apps.core.models import UUIDModel

KEPT_FOR = timedelta(days=30)
FIELD = "sealed_content"


class OutgoingMail(UUIDModel):
    class State(models.TextChoices):
        QUEUED = "queued", _("On its way")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Not sent")

    to = ArrayField(models.EmailField(), verbose_name=_("to"))
    subject = models.CharField(_("subject"), max_length=255)
    sealed_content = models.TextField(blank=True, editable=False)
    state = models.CharField(_("status"), max_length=8, choices=State, default=State.QUEUED)
    error = models.CharField(_("reason"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("written"), auto_now_add=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        permissions = (("send_outgoingmail", "May send messages again"),)
        indexes = (models.Index(fields=("created_at",), name="mail_created"),)

    def __str__(self) -> str:
        return f"{', '.join(self.to)}: {self.subject}"

    def put(self, message: EmailMessage) -> None:
        """Take over recipients, subject and content of Django's message. Raises ValueError for attachments, which have no place here."""
        if message.attachments or message.cc or message.bcc:
            raise ValueError("Messages here have recipients, text and HTML, nothing else.")
        self.to = [str(address) for address in message.to]
        self.subject = " ".join(str(message.subject).split())[:255]
        content = {
            "body": str(message.body),
            "alternatives": [[str(text), kind] for text, kind in getattr(message, "alternatives", [])],
            "from_email": message.from_email,
            "headers": {"Message-ID": make_msgid(str(self.pk)), **message.extra_headers},
        }
        self.sealed_content = credentials.seal(orjson.dumps(content).decode(), **self._place())

    def message(self) -> EmailMessage:
        """Return Django's message again; the same Message-ID each time, so that a second sending is known as one."""
        content = orjson.loads(credentials.unseal(self.sealed_content, **self._place()))
        return EmailMultiAlternatives(subject=self.subject, to=self.to, **content)

    def _place(self) -> dict[str, Any]:
        return {"table": self._meta.db_table, "pk": self.pk, "field": FIELD}
