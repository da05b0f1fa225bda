"""Webhooks: what happens here is told to web addresses, signed, in order, until it arrives or is given up."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from apps.audit.models import AuditEvent
from apps.core.errors import Conflict, Forbidden, InvalidInput
from apps.core.tenancy import public_context
from apps.integrations import publishing
from apps.integrations.models import Webhook, WebhookDelivery
from apps.integrations.services import webhooks as services
from apps.jobs.models import Job
from tests.conftest import api_for
from tests.standin.server import says

pytestmark = pytest.mark.django_db
RUN = Webhook.Event.RUN_FINISHED


@pytest.fixture
def made(in_acme, admin_user, receiver, settings):
    """A webhook at a real receiver that wants every event; (row, secret)."""
    settings.PROVIDER_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    settings.WEBHOOK_DELAYS_S = [60.0, 60.0]
    values = {"name": "Desk", "url": f"http://127.0.0.1:{receiver.server_port}/in", "events": Webhook.Event.values}
    return services.save_webhook(actor=admin_user, values=values)


def pass_time():
    """Let every try that is planned be due."""
    with public_context():
        Job.objects.filter(state="queued").update(not_before=timezone.now() - timedelta(seconds=1))


def got(receiver):
    return [json.loads(body)["data"].get("n") for _headers, body in receiver.got]


def signatures(headers, body, *secrets):
    headers = {name.lower(): value for name, value in headers.items()}
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    keys = [base64.b64decode(secret.removeprefix("whsec_")) for secret in secrets]
    wanted = [base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in keys]
    return headers["webhook-signature"] == " ".join(f"v1,{each}" for each in wanted)


def test_end_of_a_run_is_told_without_its_words(made, receiver, agent, member, scripted, work_on):
    from apps.agents.services.runs import start_run

    _row, secret = made
    scripted.script(says("SECRET answer."))
    run = start_run(actor=member, agent=agent, question="SECRET question?")
    work_on()
    headers, body = receiver.got[0]
    told = json.loads(body)
    assert told["type"] == "run.finished" and told["data"]["organisation"] == "acme"
    assert (told["data"]["run"], told["data"]["state"]) == (str(run.pk), "succeeded")
    assert b"SECRET" not in body and signatures(headers, body, secret)
    sent = WebhookDelivery.objects.get()
    assert (sent.state, sent.tries, sent.about) == ("sent", 1, f"run:{run.pk}")


def test_document_that_is_ready_and_one_that_failed(made, receiver, base, member, work):
    from django.core.files.uploadedfile import SimpleUploadedFile

    from apps.knowledge.services import documents

    documents.upload_document(actor=member, knowledge_base=base, upload=SimpleUploadedFile("a.md", b"# A\n\nText."))
    documents.upload_document(actor=member, knowledge_base=base, upload=SimpleUploadedFile("b.pdf", b"%PDF-1.7 no"))
    work("documents"), work("agents")
    assert sorted(json.loads(body)["type"] for _headers, body in receiver.got) == ["document.failed", "document.ready"]


def test_messages_of_one_object_wait_for_each_other_others_do_not(made, receiver, work_on):
    row, _secret = made
    receiver.status = 503
    for n in range(3):
        publishing.publish(RUN, "run:a", lambda n=n: {"n": n})
    work_on()
    assert got(receiver) == [0]
    receiver.status = 204
    publishing.publish(RUN, "run:b", lambda: {"n": "b"})
    work_on()
    assert got(receiver) == [0, "b"]
    pass_time()
    work_on()
    assert got(receiver) == [0, "b", 0, 1, 2]
    ids = [headers["webhook-id"] for headers, _body in receiver.got]
    assert ids[0] == ids[2] and len(set(ids)) == 4
    assert set(row.deliveries.values_list("state", flat=True)) == {"sent"}


def test_what_never_arrives_is_given_up_and_the_webhook_goes_off(made, receiver, work_on, admin_user):
    row, _secret = made
    receiver.status = 500
    publishing.publish(RUN, "run:a", lambda: {"n": 1}), publishing.publish(RUN, "run:a", lambda: {"n": 2})
    for _ in range(3):
        work_on(), pass_time()
    work_on()
    assert got(receiver) == [1, 1, 1]
    row.refresh_from_db()
    assert not row.is_active and row.off_because
    assert list(row.deliveries.order_by("id").values_list("state", "tries")) == [("dead", 3), ("dead", 1)]
    assert AuditEvent.objects.filter(action="webhook.silent").count() == 1
    publishing.publish(RUN, "run:a", lambda: {"n": 3})
    assert row.deliveries.count() == 2
    dead = row.deliveries.order_by("id").first()
    with pytest.raises(Conflict):
        services.send_again(actor=admin_user, delivery=dead)
    services.save_webhook(actor=admin_user, values={"is_active": True}, webhook=row)
    receiver.status = 200
    dead.webhook.refresh_from_db()
    services.send_again(actor=admin_user, delivery=dead)
    work_on()
    dead.refresh_from_db()
    assert dead.state == "sent" and got(receiver)[-1] == 1
    with pytest.raises(Conflict):
        services.send_again(actor=admin_user, delivery=dead)


def test_one_that_gets_others_stays_on_when_one_is_given_up(made, receiver, work_on):
    row, _secret = made
    receiver.status = 500
    publishing.publish(RUN, "run:a", lambda: {"n": 1})
    for _ in range(2):
        work_on(), pass_time()
    receiver.status = 200
    publishing.publish(RUN, "run:b", lambda: {"n": 2})
    failing = row.deliveries.get(about="run:a").message
    with public_context():
        Job.objects.filter(object_id=failing).update(not_before=timezone.now() + timedelta(hours=1))
    work_on()
    receiver.status = 500
    pass_time(), work_on()
    row.refresh_from_db()
    assert row.is_active and dict(row.deliveries.values_list("about", "state")) == {"run:a": "dead", "run:b": "sent"}


def test_one_that_is_sent_again_goes_before_those_that_wait_and_beside_none(made, receiver, work_on, admin_user):
    row, _secret = made
    receiver.status = 500
    publishing.publish(RUN, "run:a", lambda: {"n": 1})
    for _ in range(3):
        work_on(), pass_time()
    work_on()
    services.save_webhook(actor=admin_user, values={"is_active": True}, webhook=Webhook.objects.get())
    for n in (2, 3):
        publishing.publish(RUN, "run:a", lambda n=n: {"n": n})
    work_on()
    dead = WebhookDelivery.objects.select_related("webhook").get(state="dead")
    services.send_again(actor=admin_user, delivery=dead)
    work_on()
    assert got(receiver) == [1, 1, 1, 2], "2 is being tried and keeps its turn"
    receiver.status = 204
    pass_time(), work_on()
    assert got(receiver)[4:] == [2, 1, 3]


def test_nothing_is_asked_where_nobody_listens(in_acme):
    def fails():
        raise AssertionError("nobody wants to know")

    publishing.publish(RUN, "run:a", fails)


def test_nothing_is_told_of_what_was_taken_back(made, receiver, work_on):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        publishing.publish(RUN, "run:a", lambda: {})
        1 / 0
    work_on()
    assert receiver.got == [] and not WebhookDelivery.objects.exists()


def test_new_secret_signs_beside_the_former_for_a_day(made, receiver, admin_user, work_on):
    row, former = made
    secret = services.rotate_secret(actor=admin_user, webhook=row)
    publishing.publish(RUN, "run:a", lambda: {})
    work_on()
    assert signatures(*receiver.got[0], secret, former)
    Webhook.objects.update(former_until=timezone.now() - timedelta(seconds=1))
    publishing.publish(RUN, "run:a", lambda: {})
    work_on()
    assert signatures(*receiver.got[1], secret)


def test_what_may_not_be_saved(made, admin_user, member):
    row, _secret = made
    for values, field in (
        ({"name": " "}, "name"),
        ({"url": "ftp://x"}, "url"),
        ({"url": "http://10.0.0.1/"}, "url"),
        ({"events": []}, "events"),
        ({"events": ["run.started"]}, "events"),
    ):
        with pytest.raises(InvalidInput) as refused:
            services.save_webhook(actor=admin_user, values=values, webhook=Webhook.objects.get())
        assert refused.value.field == field
    with pytest.raises(Conflict):
        services.save_webhook(actor=admin_user, values={"name": "Desk", "url": row.url, "events": [RUN]})
    with pytest.raises(Forbidden):
        services.save_webhook(actor=member, values={"name": "Mine", "url": row.url, "events": [RUN]})


def test_old_messages_are_forgotten(made, receiver, work_on):
    publishing.publish(RUN, "run:a", lambda: {})
    work_on()
    receiver.status = 500
    publishing.publish(RUN, "run:b", lambda: {})
    WebhookDelivery.objects.update(created_at=timezone.now() - timedelta(days=31))
    assert publishing.forget_old() == 1 and WebhookDelivery.objects.get().state == "queued"


def test_over_the_api(in_acme, acme, admin_user, receiver, settings, work_on):
    settings.PROVIDER_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    api = api_for(acme, admin_user)
    about = {"name": "Desk", "url": f"http://127.0.0.1:{receiver.server_port}/in", "events": ["run.finished"]}
    made = api.post("/api/v1/webhooks/", about, format="json")
    assert made.status_code == 201 and made.json()["secret"].startswith("whsec_")
    where = f"/api/v1/webhooks/{made.json()['id']}"
    assert api.get(where).json()["secret"] == ""
    assert api.patch(where, {"events": ["nothing"]}, format="json").status_code == 422
    receiver.status = 500
    settings.WEBHOOK_DELAYS_S = []
    assert api.post(f"{where}/test").status_code == 202
    work_on()
    dead = api.get(f"{where}/deliveries?state=dead").json()["results"]
    assert [each["event"] for each in dead] == ["webhook.trial"] and dead[0]["error"] == "The receiver answered 500."
    assert api.get(where).json()["is_active"] is True
    receiver.status = 204
    assert api.post(f"/api/v1/webhooks/deliveries/{dead[0]['id']}/again").status_code == 202
    work_on()
    assert api.get(f"{where}/deliveries").json()["results"][0]["state"] == "sent"
    rotated = api.post(f"{where}/secret").json()
    assert rotated["secret"] != made.json()["secret"] and rotated["former_until"]
    assert {each["name"] for each in api.get("/api/v1/webhooks/events").json()} == set(Webhook.Event.values)
    assert api.delete(where).status_code == 204 and api.get(where).status_code == 404
