"""The first page of the administration tells at a glance what wants a look, of what the person may see."""

from apps.accounts.services import groups, members
from apps.audit.actions import REFUSED
from apps.audit.watch import notice
from apps.core.tenancy import PUBLIC, tenant_context
from tests.conftest import PASSWORD, client_for
from django.test import Client


def test_counts_lead_to_their_lists(in_acme, admin_user, member, admin_client):
    notice(REFUSED, actor=member)
    with tenant_context(None):
        page = admin_client.get("/admin/").content.decode()
        assert "<b>1</b> <span>Security events to handle</span>" in page and 'class="alarm"' in page
        for part in page.split('<ul class="glance"')[1].split("</ul>")[0].split('href="')[1:]:
            assert admin_client.get(part.split('"')[0].replace("&amp;", "&")).status_code == 200


def test_only_what_one_may_see(acme, in_acme, admin_user):
    rights = ["accounts.open_administration", "audit.view_securityevent"]
    role = groups.save_role(actor=admin_user, name="Watch", rights=rights)
    watch = members.create_user(email="w@acme.example", name="W", password=PASSWORD)
    watch.groups.set([role])
    with tenant_context(None):
        page = client_for(acme, watch).get("/admin/").content.decode()
    assert "Security events to handle" in page and "People who may come in" not in page


def test_the_platforms_has_none(db):
    operator = members.create_operator(email="op@platform.example", name="Op", password=PASSWORD)
    client = Client(HTTP_HOST="localhost")
    with tenant_context(PUBLIC):
        client.force_login(operator)
    page = client.get("/admin/")
    assert page.status_code == 200 and b"glance" not in page.content


def test_every_list_opens_and_nothing_of_others_is_there(admin_client, in_acme):
    """Each model of the administration, by an owner, who may see all: a page, never an error."""
    from django.contrib import admin

    models = list(admin.site._registry)
    assert {model.__module__.split(".")[0] for model in models} == {"apps", "django"}
    with tenant_context(None):
        for model in models:
            path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
            assert admin_client.get(path).status_code == 200, path
            assert admin_client.get(f"{path}add/").status_code in (200, 403), path


def test_every_list_of_the_platform_opens(db):
    from apps.core.admin import platform_site

    operator = members.create_operator(email="op@platform.example", name="Op", password=PASSWORD)
    client = Client(HTTP_HOST="localhost")
    with tenant_context(PUBLIC):
        client.force_login(operator)
    for model in platform_site._registry:
        path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        assert client.get(path).status_code == 200, path
