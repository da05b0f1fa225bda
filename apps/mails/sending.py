"""The worker side of a message: hand it to the mail server, and say what became of it."""

from smtplib import SMTPException

from django.conf import settings
from django.core.mail import get_connection
from django.db.models.functions import Now

from apps.jobs import engine
from apps.jobs.errors import RetryLater
from apps.jobs.models import Job
from apps.jobs.types import Claim
from apps.mails.models import OutgoingMail

SEND = "mail.send"
DELAYS_S = (30.0, 300.0, 1800.0)


def transport() -> object:
    """Return a connection of the back end that really sends."""
    return get_connection(settings.MAIL_TRANSPORT)


class MailSender:
    """Handler of jobs of the kind SEND; the object is an OutgoingMail. A worker that dies between sending and writing that down sends again."""

    def work(self, claim: Claim) -> None:
        mail = OutgoingMail.objects.get(pk=claim.object_id)
        claim.ensure_held()
        try:
            transport().send_messages([mail.message()])  # type: ignore[attr-defined]
        except (SMTPException, OSError) as error:
            reason = f"{type(error).__name__}: {error}"[:300]
            raise RetryLater(reason, delay_s=DELAYS_S[min(claim.attempts, len(DELAYS_S) - 1)]) from error
        with engine.settlement(claim, Job.State.SUCCEEDED):
            self._end(claim, OutgoingMail.State.SENT, sent_at=Now(), sealed_content="", error="")

    def cancel(self, claim: Claim) -> None:
        self._end(claim, OutgoingMail.State.FAILED)

    def bury(self, claim: Claim, reason: str) -> None:
        self._end(claim, OutgoingMail.State.FAILED, error=reason[:300])

    def _end(self, claim: Claim, state: OutgoingMail.State, **fields: object) -> None:
        OutgoingMail.objects.filter(pk=claim.object_id).update(state=state, **fields)
