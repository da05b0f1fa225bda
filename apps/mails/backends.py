"""Django's e-mail back end of a tenant: whoever sends a message, it is stored first and sent by a worker."""

from collections.abc import Sequence
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.utils import timezone

from apps.core.tenancy import current_tenant, has_tenant
from apps.jobs import services as jobs
from apps.jobs.types import AGENTS
from apps.mails.models import KEPT_FOR, OutgoingMail
from apps.mails.sending import SEND, transport


class OutboxBackend(BaseEmailBackend):
    """Outside a tenant there is no outbox; a message to an operator goes out at once."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        if not has_tenant():
            return transport().send_messages(email_messages)  # type: ignore[attr-defined]
        with transaction.atomic():
            OutgoingMail.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()
            for message in email_messages:
                self._store(message)
        return len(email_messages)

    def _store(self, message: EmailMessage) -> None:
        sender = current_tenant().mail_sender
        if sender and message.from_email == settings.DEFAULT_FROM_EMAIL:
            message.from_email = f'"{sender}" <{parseaddr(message.from_email)[1]}>'
        mail = OutgoingMail()
        mail.put(message)
        mail.save()
        jobs.enqueue(kind=SEND, queue=AGENTS, object_id=mail.pk)
