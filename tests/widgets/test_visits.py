"""Visitors: who is believed to be whom, what they may read, and how often they may ask."""

import time

import jwt
import pytest

from apps.agents.models import Run
from apps.conversations.models import Conversation
from apps.core.caller import Caller, set_caller
from apps.core.errors import Conflict, Forbidden, NotFound, TooManyRequests
from apps.core.tenancy import tenant_context
from apps.knowledge.models import KnowledgeBase
from apps.widgets.models import Visitor
from apps.widgets.services import visits, widgets
from tests.conftest import client_for
from tests.knowledge.test_ingestion import upload

QUESTION = "Within how many days are parcels taken back?"


def signed(secret, *, subject="customer-7", life=600, algorithm="HS256", **claims):
    return jwt.encode({"sub": subject, "exp": int(time.time()) + life, **claims}, secret, algorithm=algorithm)


def odd(secret, exp):
    """An identity whose end is written in a way that a site's own code might write it."""
    return jwt.PyJWS().encode(f'{{"sub": "a", "exp": {exp}}}'.encode(), secret, algorithm="HS256")


def test_answers_rest_on_what_is_shared_alone(widget, work):
    first = visits.visit(widget=widget, text=QUESTION)
    work("agents")
    again = visits.visit(widget=widget, token=first.token, text="What does the parcel desk earn a month?")
    work("agents")
    assert again.conversation == first.conversation and again.visitor == first.visitor
    answers = [m.text for m in Conversation.objects.get().messages.filter(role="assistant")]
    assert "31 days" in answers[0] and "4100" not in answers[1]
    sources = [
        s for run in Run.objects.all() for e in run.events.filter(kind="tool") for s in e.payload.get("sources", ())
    ]
    assert {source["document"] for source in sources} == {"returns.md"}


def test_who_asks_nothing_leaves_nothing(widget):
    came = visits.visit(widget=widget)
    assert came == visits.Visit(None, "", None, "") and not Visitor.objects.exists()


def test_conversations_are_apart(widget, work):
    one, other = (visits.visit(widget=widget, text=QUESTION) for _ in range(2))
    work("agents")
    assert one.conversation != other.conversation
    assert visits.visit(widget=widget, token=one.token).conversation == one.conversation
    assert visits.welcome(one.ticket, other.conversation.pk) is None
    assert visits.welcome(other.ticket, other.conversation.pk)[0] == other.visitor
    assert visits.welcome(other.ticket, other.conversation.pk) is None  # torn
    fresh = visits.visit(widget=widget, token=one.token, is_new=True, text="And abroad?")
    assert fresh.visitor == one.visitor and fresh.conversation not in (one.conversation, other.conversation)


def test_whom_the_site_names(made, work):
    widget, secret = made
    first = visits.visit(widget=widget, identity=signed(secret, name="Kim"), text=QUESTION)
    work("agents")
    elsewhere = visits.visit(widget=widget, identity=signed(secret, name="Kim Lee"))
    assert elsewhere.conversation == first.conversation and Visitor.objects.get().name == "Kim Lee"
    assert visits.visit(widget=widget, token=elsewhere.token).visitor == first.visitor
    other = visits.visit(widget=widget, identity=signed(secret, subject="customer-8"), token=first.token)
    assert other.visitor != first.visitor and other.conversation is None


def test_identities_that_the_site_did_not_sign(made, admin_user):
    widget, secret = made
    bad = [
        signed("another secret of at least thirty-two characters"),
        signed(secret, life=-60),
        signed(secret, life=90_000),
        signed(secret, subject=""),
        signed(secret, subject="x" * 201),
        signed(secret, subject="a\0b"),
        signed(secret, subject="a\ud800"),
        signed(secret, name="a\ud800"),
        signed(secret, name=7),
        jwt.encode({"sub": "a", "exp": time.time() + 60}, None, algorithm="none"),
        jwt.encode({"sub": "a"}, secret, algorithm="HS256"),
        jwt.encode({"exp": time.time() + 60}, secret, algorithm="HS256"),
        jwt.encode({"sub": 7, "exp": time.time() + 60}, secret, algorithm="HS256"),
        *(odd(secret, exp) for exp in ("1e300", "Infinity", "NaN", '"9999999999"', "[1]", "null", "true", "-1e999")),
        "x.y.z",
        "ä",
    ]
    widgets.rotate_secret(actor=admin_user, widget=widget)
    bad.append(signed(secret))
    widget.refresh_from_db()
    for identity in bad:
        with pytest.raises(Forbidden) as caught:
            visits.visit(widget=widget, identity=identity, text=QUESTION)
        assert caught.value.code == "identity_refused"
    assert not Visitor.objects.exists() and not Run.objects.exists()


def test_only_those_whom_the_site_names(made, admin_user):
    widget, secret = made
    unnamed = visits.visit(widget=widget, text=QUESTION)
    widgets.save_widget(actor=admin_user, values={"needs_identity": True}, widget=widget)
    for held in ("", unnamed.token, "made-up"):
        with pytest.raises(Forbidden) as caught:
            visits.visit(widget=widget, token=held)
        assert caught.value.code == "identity_needed"
    assert visits.visit(widget=widget, identity=signed(secret)).visitor.subject == "customer-7"


def test_tokens_open_one_widget_for_a_time(widget, agent, admin_user, monkeypatch):
    held = visits.visit(widget=widget, text=QUESTION)
    values = {"name": "Other", "agent": agent.pk, "origins": ["https://b.example"]}
    other, _secret = widgets.save_widget(actor=admin_user, values=values)
    assert visits.visit(widget=other, token=held.token).visitor is None
    later = time.time() + visits.KNOWN_FOR_S + 60
    monkeypatch.setattr(time, "time", lambda: later)
    assert visits.visit(widget=widget, token=held.token).visitor is None


def test_sent_again_with_the_same_key(widget):
    first = visits.visit(widget=widget, text=QUESTION, key="a")
    again = visits.visit(widget=widget, token=first.token, text=QUESTION, key="a")
    assert again.conversation == first.conversation and Run.objects.count() == 1
    with pytest.raises(Conflict):
        visits.visit(widget=widget, token=first.token, text="More", key="b")


def test_how_often(widget, work, monkeypatch):
    monkeypatch.setattr(visits, "MESSAGES", visits.MESSAGES.__class__("widget-messages", 2, 3_600))
    held = visits.visit(widget=widget, text=QUESTION)
    work("agents")
    visits.visit(widget=widget, token=held.token, text="Two")
    work("agents")
    with pytest.raises(TooManyRequests):
        visits.visit(widget=widget, token=held.token, text="Three")
    monkeypatch.setattr(visits, "ARRIVALS", visits.ARRIVALS.__class__("widget-arrivals", 1, 3_600))
    set_caller(Caller("192.0.2.7", False))
    visits.visit(widget=widget, text=QUESTION)
    with pytest.raises(TooManyRequests):
        visits.visit(widget=widget, text=QUESTION)
    set_caller(Caller("192.0.2.8", False))
    assert visits.visit(widget=widget, text=QUESTION).visitor is not None


def test_by_api_without_an_account(acme, widget, work):
    address = f"/api/v1/widgets/{widget.pk}/visit"
    with tenant_context(None):
        client = client_for(acme)
        came = client.post(address, {"text": QUESTION}, content_type="application/json")
        told = came.json()
        assert came.status_code == 200 and came["Cache-Control"] == "no-store" and not came.cookies
        assert told["token"] and told["ticket"] and told["name"] == ""
        refused = client.post(address, {"identity": "x.y.z"}, content_type="application/json")
        assert refused.status_code == 403 and refused.json()["type"] == "/docs/problems#identity_refused"
        busy = client.post(address, {"text": "And?", "token": told["token"]}, content_type="application/json")
        assert busy.status_code == 409
        assert client.post(address, "no", content_type="application/json").status_code == 400
        assert client.get(f"/api/v1/conversations/{told['conversation']}").status_code == 401
    work("agents")
    assert "31 days" in Conversation.objects.get(pk=told["conversation"]).messages.last().text


def test_nobody_comes_to_what_is_off_or_gone(widget, admin_user):
    held = visits.visit(widget=widget, text=QUESTION)
    assert visits.is_welcome(held.visitor)
    widgets.save_widget(actor=admin_user, values={"is_active": False}, widget=widget)
    assert not visits.is_welcome(held.visitor)
    with pytest.raises(NotFound):
        visits.find_widget(widget.pk)


def test_collections_opened_later_are_not_theirs(widget, admin_user, work):
    late = KnowledgeBase.objects.create(name="Board", is_open=True)
    widget.agent.knowledge_bases.add(late)
    upload(admin_user, late, "secret.md", b"# Returns\n\nParcels are taken back within 99 days in secret.\n")
    work("documents")
    visits.visit(widget=widget, text=QUESTION)
    work("agents")
    answer = Conversation.objects.get().messages.last().text
    assert "31 days" in answer and "99 days" not in answer
