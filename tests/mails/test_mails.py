"""A message is kept until it was sent: a mail server that is away loses nothing and disturbs nobody."""

import socket
import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives, send_mail
from django.utils import timezone

from apps.accounts.models import Invitation
from apps.accounts.roles import group_for
from apps.accounts.services import members
from apps.core.tenancy import public_context, tenant_context
from apps.jobs.models import Job
from apps.mails.models import OutgoingMail
from tests.conftest import client_for

SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.fixture
def outbox(settings):
    """Messages go through the outbox, and from there into mail.outbox."""
    settings.EMAIL_BACKEND = "apps.mails.backends.OutboxBackend"
    settings.MAIL_TRANSPORT = "django.core.mail.backends.locmem.EmailBackend"
    return OutgoingMail.objects


def due_now():
    with public_context():
        Job.objects.filter(kind="mail.send").update(not_before=timezone.now() - timedelta(hours=1))


def test_an_invitation_is_stored_and_sent_by_a_worker(outbox, in_acme, admin_user, work):
    members.invite(actor=admin_user, email="new@acme.example", roles=[group_for("member")])
    stored = outbox.get()
    assert (stored.to, stored.state, mail.outbox) == (["new@acme.example"], "queued", [])
    work("agents")
    stored.refresh_from_db()
    assert (stored.state, stored.sealed_content) == ("sent", "")
    sent = mail.outbox[0]
    assert sent.to == ["new@acme.example"] and "/invitation/" in sent.body
    assert sent.alternatives[0][1] == "text/html" and sent.extra_headers["Message-ID"].startswith("<")


def test_what_it_says_lies_sealed(outbox, in_acme):
    send_mail("Hello", "The secret link", None, ["a@b.example"])
    assert "secret link" not in outbox.get().sealed_content


def test_one_that_is_rolled_back_is_never_sent(outbox, in_acme, admin_user, monkeypatch, work):
    from apps.accounts import mails

    def fail(*args):
        send_mail("Hello", "text", None, ["a@b.example"])
        raise RuntimeError

    monkeypatch.setattr(mails, "send_invitation", fail)
    with pytest.raises(RuntimeError):
        members.invite(actor=admin_user, email="new@acme.example", roles=[group_for("member")])
    work("agents")
    assert (outbox.count(), Invitation.objects.count(), mail.outbox) == (0, 0, [])


def test_a_mail_server_that_is_away_is_tried_again_and_then_told(outbox, in_acme, settings, work, admin_client, acme):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        settings.MAIL_TRANSPORT, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", closed.getsockname()[1]
        send_mail("Hello", "text", None, ["a@b.example"])
        for _ in range(4):
            assert outbox.get().state == "queued"
            work("agents")
            due_now()
    assert outbox.get().state == "failed" and "refused" in outbox.get().error.lower()
    settings.MAIL_TRANSPORT = "django.core.mail.backends.locmem.EmailBackend"
    with tenant_context(None):
        page = admin_client.get("/admin/mails/outgoingmail/?q=b.example").content.decode()
        assert "Hello" in page and "Send again" in page
        data = {"action": "send_again", "_selected_action": [str(outbox_pk(acme))]}
        assert admin_client.post("/admin/mails/outgoingmail/", data).status_code == 302
    assert outbox.get().state == "queued"
    work("agents")
    assert [m.subject for m in mail.outbox] == ["Hello"] and outbox.get().state == "sent"


def outbox_pk(tenant):
    with tenant_context(tenant):
        return OutgoingMail.objects.get().pk


def test_a_real_mail_server_gets_both_parts(outbox, in_acme, settings, work):
    received = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve_one, args=(server, received))
        thread.start()
        settings.MAIL_TRANSPORT, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", server.getsockname()[1]
        message = EmailMultiAlternatives("Größe", "plain part", None, ["a@b.example"])
        message.attach_alternative("<p>html part</p>", "text/html")
        message.send()
        work("agents")
        thread.join(10)
    text = b"".join(received).decode()
    assert "plain part" in text and "<p>html part</p>" in text and "rcpt TO:<a@b.example>" in text
    assert outbox.get().state == "sent"


def serve_one(server, received):
    """Speak the server's side of one SMTP session (RFC 5321)."""
    client, _ = server.accept()
    with client, client.makefile("rb") as lines:
        client.sendall(b"220 here\r\n")
        is_data = False
        for line in lines:
            received.append(line)
            if is_data:
                if line == b".\r\n":
                    is_data = False
                    client.sendall(b"250 taken\r\n")
            elif line.upper().startswith(b"DATA"):
                is_data = True
                client.sendall(b"354 go on\r\n")
            elif line.upper().startswith(b"QUIT"):
                client.sendall(b"221 bye\r\n")
                return
            else:
                client.sendall(b"250 ok\r\n")


def test_what_has_no_place_is_refused(outbox, in_acme):
    message = EmailMultiAlternatives("Hello", "text", None, ["a@b.example"])
    message.attach("a.txt", "text", "text/plain")
    with pytest.raises(ValueError):
        message.send()
    assert outbox.count() == 0


def test_old_ones_are_forgotten(outbox, in_acme):
    send_mail("Old", "text", None, ["a@b.example"])
    outbox.update(created_at=timezone.now() - timedelta(days=31))
    send_mail("New", "text", None, ["a@b.example"])
    assert [m.subject for m in outbox.all()] == ["New"]


def test_keys_rotate_under_messages_on_their_way(outbox, in_acme, settings, work):
    from apps.core import credentials

    send_mail("Hello", "text", None, ["a@b.example"])
    before = outbox.get().sealed_content
    settings.CREDENTIAL_KEYS = ["new", *settings.CREDENTIAL_KEYS]
    assert credentials.rotate() >= 1
    assert outbox.get().sealed_content != before
    work("agents")
    assert mail.outbox[0].body == "text"


def test_outside_a_tenant_it_goes_out_at_once(outbox, acme):
    with public_context():
        send_mail("Hello", "text", None, ["op@platform.example"])
    assert [m.subject for m in mail.outbox] == ["Hello"]


def test_only_those_who_may_send_again(outbox, acme, member):
    with tenant_context(None):
        assert client_for(acme, member).get("/admin/mails/outgoingmail/").status_code == 302
