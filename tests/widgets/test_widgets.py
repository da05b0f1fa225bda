"""Putting agents on other sites, by page and API: who may, where, and what the frame lets in."""

import pytest
from django.contrib.auth.models import Group

from apps.accounts.models import User
from apps.accounts.services.keys import make_key
from apps.accounts.services.members import create_user, set_roles
from apps.agents.models import Agent
from apps.audit.models import AuditEvent
from apps.core.errors import Forbidden, InvalidInput
from apps.core.tenancy import tenant_context
from apps.knowledge.models import Chunk, Document, KnowledgeBase
from apps.widgets.models import Widget
from apps.widgets.services import widgets
from tests.conftest import PASSWORD, api_for, client_for
from tests.widgets.conftest import SITE


def test_account_sees_what_is_shared_with_it_alone(widget, agent, public_base):
    account = User.objects.get(pk=widget.account_id)
    assert KnowledgeBase.objects.filter(is_open=True).exists() and Agent.objects.filter(is_open=True).exists()
    assert list(KnowledgeBase.objects.visible_to(account)) == [public_base]
    assert {d.name for d in Document.objects.visible_to(account)} == {"returns.md"}
    assert list(Agent.objects.askable_by(account)) == [agent]
    account.groups.set(Group.objects.exclude(role=None))  # by whichever way it came to roles
    account = User.objects.get(pk=account.pk)
    assert list(KnowledgeBase.objects.visible_to(account)) == [public_base]
    assert list(Agent.objects.askable_by(account)) == [agent]
    account.groups.clear()
    account = User.objects.get(pk=account.pk)
    assert not account.has_usable_password() and not account.get_all_permissions() and not account.is_remembered
    assert Chunk.objects.exclude(document__in=Document.objects.visible_to(account)).exists()


def test_account_has_no_roles(widget, admin_user):
    with pytest.raises(Forbidden, match="no roles"):
        set_roles(actor=admin_user, user=widget.account, roles=Group.objects.filter(role__key="member"))


def test_account_has_no_keys_and_stands_in_no_list(acme, widget, admin_user):
    with pytest.raises(Forbidden, match="no keys"):
        make_key(actor=admin_user, name="x", scopes=["agents:read"], account=widget.account)
    with tenant_context(None):
        assert "Portal" not in client_for(acme, admin_user).get("/keys/").content.decode()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (["https://Shop.Example.com/"], ["https://shop.example.com"]),
        (["https://a.example", " https://a.example ", "https://b.example:8443"], ["https://a.example", "https://b.example:8443"]),
        (["http://localhost:3000"], ["http://localhost:3000"]),
        (["https://a.example:443", "http://localhost:80"], ["https://a.example", "http://localhost"]),
    ],
)  # fmt: skip
def test_sites(widget, admin_user, given, kept):
    assert widgets.save_widget(actor=admin_user, values={"origins": given}, widget=widget)[0].origins == kept


@pytest.mark.parametrize(
    "text",
    (
        *("http://shop.example", "shop.example", "https://shop.example/path", "https://*.example", "*", "ftp://x", "https://"),
        *("https://a b.example", "https://x.example;script-src *", "https://x.example:99999", "https://x.example:0"),
        *("https://me@x.example", "https://'none'", "https://x.example?x", "https://-a.example", "https://ä.example"),
    ),
)  # fmt: skip
def test_what_is_no_site_is_refused(widget, admin_user, text):
    with pytest.raises(InvalidInput) as caught:
        widgets.save_widget(actor=admin_user, values={"origins": [text]}, widget=widget)
    assert caught.value.field == "origins" and Widget.objects.get().origins == [SITE]


def test_frame_stands_on_its_sites_alone(acme, widget, admin_user):
    with tenant_context(None):
        page = client_for(acme).get(f"/embed/{widget.pk}/?lang=de-AT")
    policy = page["Content-Security-Policy"]
    assert f"frame-ancestors {SITE};" in f"{policy};" and "X-Frame-Options" not in page and not page.cookies
    assert "Gespräch" in page.content.decode()
    widgets.save_widget(actor=admin_user, values={"is_active": False}, widget=widget)
    with tenant_context(None):
        assert client_for(acme).get(f"/embed/{widget.pk}/").status_code == 404


def test_script_is_for_every_site(acme):
    script = client_for(acme).get("/embed.js")
    assert (
        script["Content-Type"].startswith("text/javascript")
        and script["Cross-Origin-Resource-Policy"] == "cross-origin"
    )
    assert b"/embed/" in script.content and not script.cookies


def test_by_page(acme, admin_user, agent, public_base):
    with tenant_context(None):
        site = client_for(acme, admin_user)
        assert "No agent stands on another site" in site.get("/widgets/").content.decode()
        values = {
            "name": "Shop",
            "agent": agent.pk,
            "origins": f"{SITE}\nhttps://shop.example",
            "collections": [public_base.pk],
        }
        bad = site.post("/widgets/new/", {**values, "origins": "shop"})
        assert bad.status_code == 422 and "is no site" in bad.content.decode()
        made = site.post("/widgets/new/", values)
        assert made.status_code == 200 and "shown this once" in made.content.decode()
    row = Widget.objects.get()
    secret = row.secret()
    assert row.origins == [SITE, "https://shop.example"] and secret in made.content.decode()
    with tenant_context(None):
        detail = site.get(f"/widgets/{row.pk}/").content.decode()
        assert (
            f'data-widget="{row.pk}"' in detail.replace("&quot;", '"')
            and "For customers" in detail
            and secret not in detail
        )
        changed = site.post(
            f"/widgets/{row.pk}/edit/", {**values, "name": "Shop 2", "collections": [], "is_active": "on"}
        )
        assert changed.status_code == 302
    assert not KnowledgeBase.objects.given_to(row.account).exists()
    with tenant_context(None):
        rotated = site.post(f"/widgets/{row.pk}/secret/").content.decode()
        assert site.post(f"/widgets/{row.pk}/remove/").status_code == 302
    assert secret not in rotated and not Widget.objects.exists()
    assert not User.objects.get(pk=row.account_id).is_active
    told = set(AuditEvent.objects.filter(action__startswith="widget.").values_list("action", flat=True))
    assert told == {"widget.added", "widget.changed", "widget.secret_changed", "widget.removed"}


def test_by_api(acme, admin_user, agent, public_base):
    with tenant_context(None):
        client = api_for(acme, admin_user)
        body = {"name": "Shop", "agent": str(agent.pk), "origins": [SITE], "collections": [str(public_base.pk)]}
        made = client.post("/api/v1/widgets/", body, format="json")
        row = made.json()
        assert made.status_code == 201 and len(row["secret"]) > 30 and row["collections"] == [str(public_base.pk)]
        assert client.post("/api/v1/widgets/", body, format="json").status_code == 409
        address = f"/api/v1/widgets/{row['id']}"
        assert client.get(address).json()["secret"] == ""
        changed = client.patch(address, {"greeting": "Hello", "needs_identity": True}, format="json").json()
        assert (changed["greeting"], changed["needs_identity"], changed["agent"]) == ("Hello", True, str(agent.pk))
        assert client.post(f"{address}/secret").json()["secret"] not in ("", row["secret"])
        assert client.get(f"{address}/visitors").json()["results"] == []
        assert client.delete(address).status_code == 204


def test_who_does_not_manage_an_agent_puts_it_nowhere(in_acme, agent, public_base, admin_user):
    builder = create_user(email="bo@acme.example", name="Bo", password=PASSWORD)
    with pytest.raises(Forbidden):
        widgets.save_widget(actor=builder, values={"name": "x", "agent": agent.pk, "origins": [SITE]})
    for values in ({"agent": public_base.pk}, {"agent": agent.pk, "collections": [agent.pk]}, {"name": " "}, {}):
        with pytest.raises(InvalidInput):
            widgets.save_widget(actor=admin_user, values={"name": "x", "origins": [SITE], **values})
    assert not Widget.objects.exists() and not User.objects.filter(is_outside=True).exists()
