"""Websites, repositories and storage fill a collection: what is new or other is taken over, what is gone goes, and no more is asked than must be."""

from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from apps.audit.models import AuditEvent
from apps.core.errors import Conflict, Forbidden, InvalidInput
from apps.core.tenancy import public_context
from apps.jobs.models import Job
from apps.knowledge import services, syncing
from apps.knowledge.models import Document, Source
from apps.knowledge.services import sources
from tests.knowledge import samples
from tests.conftest import api_for, client_for
from tests.standin.places import Outside


pytestmark = pytest.mark.django_db


def page(title, text, links=""):
    return f"<html><body><nav>menu</nav><h1>{title}</h1><p>{text}</p>{links}</body></html>"


@pytest.fixture
def outside(settings):
    running = Outside()
    settings.TOOL_PRIVATE_HOSTS = frozenset({running.host})
    yield running
    running.close()


@pytest.fixture
def site(outside):
    outside.pages = {
        "/leave.html": page("Leave", "Staff receive 28 days of annual leave."),
        "/notice": page("Notice", "Give four weeks of notice in writing."),
        "/private/pay": page("Pay", "Secret figures."),
        "http://elsewhere.example/x": "",
    }
    outside.robots = "User-agent: *\nDisallow: /private/\n"
    return outside


@pytest.fixture
def add(admin_user, base, work):
    def call(kind, secret="", **values):
        made = sources.add_source(actor=admin_user, knowledge_base=base, kind=kind, values=values, secret=secret)
        return looked_through(made, work)

    return call


def looked_through(source, work):
    work("documents")
    source.refresh_from_db()
    return source


def again(source, admin_user, work):
    sources.look_through(actor=admin_user, source=source)
    return looked_through(source, work)


def names():
    return sorted(Document.objects.filter(state="ready").values_list("name", flat=True))


def asked_of(outside):
    found = [path for path, _headers in outside.asked if not path.startswith(("/robots", "/sitemap"))]
    outside.asked.clear()
    return found


# -- websites ------------------------------------------------------------------------------------------------------


def test_site_is_taken_over_by_its_map_and_its_robots(add, site, member):
    source = add("site", address=site.url, tags=["Web"])
    assert (
        source.error == "" and source.synced_at is not None and source.job is None and source.next_at > timezone.now()
    )
    assert names() == [f"{site.host}/leave.html", f"{site.host}/notice.html"]
    assert Document.objects.first().tags == ["web"]
    hits = services.search_documents(actor=member, query="annual leave")
    assert "28 days" in hits[0].text and hits[0].heading == "Leave"
    assert not any("/private" in path for path in asked_of(site))
    assert AuditEvent.objects.get(action="source.synced").after["new"] == 2


def test_what_is_new_other_and_gone_follows(add, site, admin_user, member, work):
    source = add("site", address=site.url)
    site.pages["/leave.html"] = page("Leave", "Staff receive 30 days of annual leave.")
    site.pages["/travel"] = page("Travel", "Trains are booked by the desk.")
    del site.pages["/notice"]
    again(source, admin_user, work)
    assert names() == [f"{site.host}/leave.html", f"{site.host}/travel.html"]
    assert "30 days" in services.search_documents(actor=member, query="annual leave")[0].text
    last = AuditEvent.objects.filter(action="source.synced").latest("at").after
    assert (last["new"], last["changed"], last["same"], last["gone"]) == (1, 1, 0, 1)


def test_what_the_map_says_is_unchanged_is_not_fetched(add, site, admin_user, work):
    site.modified = {"/leave.html": "2026-01-01", "/notice": "2026-01-01"}
    source = add("site", address=site.url)
    assert sorted(asked_of(site)) == ["/leave.html", "/notice"]
    site.modified["/notice"] = "2026-02-02"
    again(source, admin_user, work)
    assert asked_of(site) == ["/notice"]


def test_page_with_a_question_in_its_address_keeps_its_kind(add, site):
    site.pages["/list.html"] = page("List", "All of it.")
    add("page", address=f"{site.url}/list.html?order=1")
    assert names() == [f"{site.host}/list.html?order=1.html"]


def test_changed_while_it_is_looked_through_is_looked_through_once_more(add, site, admin_user):
    source = add("site", address=site.url)
    Source.objects.filter(pk=source.pk).update(job=source.pk, next_at=None)
    source.refresh_from_db()
    sources.change_source(actor=admin_user, source=source, values={"every": "week"})
    assert Source.objects.get(pk=source.pk).next_at is None, "the round on its way goes on"
    syncing.end(source)
    assert Source.objects.get(pk=source.pk).next_at <= timezone.now()


def test_one_page(add, site):
    add("page", address=f"{site.url}/notice")
    assert names() == [f"{site.host}/notice.html"]


def test_page_that_cannot_be_read_is_told_at_its_item(add, site):
    site.status["/notice"] = 404
    source = add("site", address=site.url)
    assert names() == [f"{site.host}/leave.html"]
    failed = source.items.exclude(error="").get()
    assert failed.key.endswith("/notice") and failed.error == "There is nothing at this address."


def test_no_site_map_is_told_and_nothing_goes(add, site, admin_user, work):
    source = add("site", address=site.url)
    site.status["/sitemap.xml"] = 404
    again(source, admin_user, work)
    assert source.error == "There is nothing at this address." and len(names()) == 2
    del site.status["/sitemap.xml"]
    site.pages = {}
    again(source, admin_user, work)
    assert "Nothing that can be read was found" in source.error and len(names()) == 2


def test_place_that_is_away_is_tried_again_later(add, site):
    site.status["/robots.txt"] = 503
    source = add("site", address=site.url)
    assert source.job is not None and source.error == ""
    with public_context():
        job = Job.objects.get(object_id=source.pk)
    assert job.state == "queued" and job.attempts >= 1 and job.not_before > timezone.now()


def test_long_round_gives_way_and_goes_on_where_it_was(site, admin_user, base, work, monkeypatch):
    """Each turn here looks at a page or two; the site map says nothing of their age, and none is fetched twice."""
    site.pages = {f"/{n}": page(f"Page {n}", f"Text of page {n}.") for n in range(4)}
    now = iter(range(1_000_000))
    monkeypatch.setattr(syncing, "time", SimpleNamespace(monotonic=lambda: 40.0 * next(now)))
    source = sources.add_source(actor=admin_user, knowledge_base=base, kind="site", values={"address": site.url})
    turns = 0
    while looked_through(source, work).job is not None or turns == 0:
        turns += 1
        assert turns < 9
        with public_context():
            Job.objects.filter(object_id=source.pk, state="waiting").update(state="queued", not_before=timezone.now())
    assert turns >= 3 and source.error == "" and len(names()) == 4
    assert sorted(asked_of(site)) == ["/0", "/1", "/2", "/3"]
    assert AuditEvent.objects.get(action="source.synced").after["new"] == 4


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.2:{port}/", "http://localhost:{port}/", "http://[::1]:{port}/", "http://169.254.169.254/"],
)
def test_addresses_inside_stay_closed(add, outside, address):
    source = add("page", address=address.format(port=outside.server_port))
    assert source.items.get().error.startswith("It could not be reached") and names() == []
    assert outside.asked == []


# -- repositories and storage --------------------------------------------------------------------------------------

FILES = {
    "README.md": b"# Handbook\n\nRead on.\n",
    "docs/leave.md": b"# Leave\n\nStaff receive 28 days of annual leave.\n",
    "docs/deep/notice.md": b"# Notice\n\nGive four weeks of notice.\n",
    "docs/logo.png": b"\x89PNG",
    "src/main.c": b"int main;",
}


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_folder_of_a_repository(add, outside, admin_user, work, kind):
    outside.files, outside.token = dict(FILES), "secret-token"
    source = add(kind, address=outside.url, place="acme/handbook", folder="docs", secret="secret-token")
    assert source.error == ""
    assert names() == ["acme/handbook/docs/deep/notice.md", "acme/handbook/docs/leave.md"]
    asked_of(outside)
    outside.files["docs/leave.md"] = b"# Leave\n\nStaff receive 31 days.\n"
    again(source, admin_user, work)
    fetched = [path for path in asked_of(outside) if "leave.md" in path or "notice.md" in path]
    assert len(fetched) == 1 and "leave.md" in fetched[0].replace("%2F", "/")
    assert "31 days" in Document.objects.get(name__endswith="leave.md", state="ready").chunks.get().text


def test_version_that_cannot_be_read_leaves_the_former_until_the_item_goes(add, outside, admin_user, member, work):
    outside.files = {"a.pdf": samples.pdf(("Leave", "28 days of annual leave.")), "b.md": b"# Other\n\nOther.\n"}
    source = add("github", address=outside.url, place="acme/handbook")
    outside.files["a.pdf"] = b"%PDF-1.7 and nothing else"
    again(source, admin_user, work)
    assert Document.objects.filter(name="acme/handbook/a.pdf", state="failed").exists()
    assert "28 days" in services.search_documents(actor=member, query="annual leave")[0].text
    del outside.files["a.pdf"]
    again(source, admin_user, work)
    assert list(Document.objects.values_list("name", flat=True)) == ["acme/handbook/b.md"]


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_wrong_token_is_told(add, outside, kind):
    outside.files, outside.token = dict(FILES), "secret-token"
    source = add(kind, address=outside.url, place="acme/handbook", secret="another")
    assert source.error == "It wants to know who asks: check the access token or key."


def test_folder_of_storage_is_asked_signed(add, outside, admin_user, work):
    outside.files = FILES | {"docs/with space & plus+.md": b"# Odd\n\nOdd names are signed too.\n"}
    wanted = {"address": outside.url, "place": "bucket", "folder": "docs", "account": "key", "branch": "eu-central-1"}
    source = add("s3", secret="s3-secret-key", **wanted)
    assert source.error == "" and not source.items.exclude(error="").exists()
    assert len(names()) == 3 and "bucket/docs/with space & plus+.md" in names()
    del outside.files["docs/leave.md"]
    again(source, admin_user, work)
    assert len(names()) == 2


def test_storage_refuses_a_wrong_key(add, outside):
    outside.files = dict(FILES)
    source = add("s3", address=outside.url, place="bucket", account="key", secret="wrong")
    assert source.error.startswith("It refuses")


# -- what people do ------------------------------------------------------------------------------------------------


def test_what_somebody_uploaded_stays_when_the_source_loses_it(add, site, base, admin_user, work):
    data = site.pages["/notice"].encode()
    services.upload_document(actor=admin_user, knowledge_base=base, upload=SimpleUploadedFile("mine.html", data))
    source = add("site", address=site.url)
    del site.pages["/notice"]
    again(source, admin_user, work)
    assert names() == [f"{site.host}/leave.html", "mine.html"]


@pytest.mark.parametrize(("keeps", "left"), [(True, 2), (False, 0)])
def test_removed_with_or_without_its_documents(add, site, admin_user, keeps, left):
    source = add("site", address=site.url)
    sources.remove_source(actor=admin_user, source=source, keeps_documents=keeps)
    assert len(names()) == left and not Source.objects.exists()


def test_looked_through_by_itself_when_it_is_due(add, site, work):
    source = add("site", address=site.url, every="hour")
    site.pages["/travel"] = page("Travel", "By train.")
    work("documents")
    assert len(names()) == 2, "not before it is due"
    with public_context():
        Job.objects.filter(object_id=source.pk).update(not_before=timezone.now())
    Source.objects.update(next_at=timezone.now())
    work("documents")
    assert len(names()) == 3


def test_only_when_asked(add, site):
    source = add("site", address=site.url, every="never")
    assert source.next_at is None


def test_who_does_not_manage_the_collection_does_not_see_it(add, site, base, member, acme):
    source = add("site", address=site.url)
    with pytest.raises(Forbidden):
        sources.add_source(actor=member, knowledge_base=base, kind="site", values={"address": "https://x.example"})
    client = client_for(acme, member)
    assert client.get(f"/knowledge/{base.pk}/sources/").status_code == 403
    assert client.get(f"/sources/{source.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("kind", "values", "field"),
    [
        ("web", {}, "kind"),
        ("page", {"address": ""}, "address"),
        ("page", {"address": "ftp://x.example"}, "address"),
        ("page", {"address": "http://me:secret@x.example"}, "address"),
        ("github", {"place": "handbook"}, "place"),
        ("s3", {"address": "https://s3.example", "place": ""}, "place"),
        ("site", {"address": "https://x.example", "every": "often"}, "every"),
        ("site", {"address": "https://x.example", "tags": ["t" * 41]}, "tags"),
    ],
)
def test_refuses_what_is_no_source(admin_user, base, kind, values, field):
    with pytest.raises(InvalidInput) as refused:
        sources.add_source(actor=admin_user, knowledge_base=base, kind=kind, values=values)
    assert refused.value.field == field


def test_same_source_stands_once(add, site, admin_user, base):
    source = add("site", address=site.url)
    with pytest.raises(Conflict):
        sources.add_source(actor=admin_user, knowledge_base=base, kind="site", values={"address": site.url})
    Source.objects.update(job=source.pk)
    with pytest.raises(Conflict):
        sources.look_through(actor=admin_user, source=source)


def test_secret_goes_to_no_other_host(add, outside, admin_user):
    outside.files, outside.token = dict(FILES), "secret-token"
    source = add("github", address=outside.url, place="acme/handbook", secret="secret-token")
    assert "secret-token" not in source.sealed_secret
    with pytest.raises(InvalidInput) as refused:
        sources.change_source(actor=admin_user, source=source, values={"address": "https://evil.example"})
    assert refused.value.field == "secret"


def test_by_page(acme, admin_user, base, site, work):
    client = client_for(acme, admin_user)
    listing = f"/knowledge/{base.pk}/sources/"
    assert "No sources yet" in client.get(listing).content.decode()
    form = client.get(f"{listing}new/?kind=s3").content.decode()
    assert "Bucket" in form and "Secret key" in form
    refused = client.post(f"{listing}new/?kind=site", {"address": "ftp://x", "every": "day"})
    assert refused.status_code == 422 and "http or https" in refused.content.decode()
    made = client.post(f"{listing}new/?kind=site", {"address": site.url, "every": "day", "tags": "web"}, follow=True)
    assert "looked through now" in made.content.decode()
    work("documents")
    source = Source.objects.get()
    shown = client.get(f"/sources/{source.pk}/").content.decode()
    assert "Up to date" in shown and "/leave.html" in shown
    assert "2 items" in client.get(listing).content.decode()
    changed = client.post(
        f"/sources/{source.pk}/change/", {"address": site.url, "every": "week", "tags": ""}, follow=True
    )
    assert "The source is changed" in changed.content.decode()
    removed = client.post(f"/sources/{source.pk}/remove/", {}, follow=True).content.decode()
    assert "The source is removed" in removed and names() == []


def test_by_api(acme, admin_user, base, site, work):
    api = api_for(acme, admin_user)
    address = f"/api/v1/knowledge-base/{base.pk}/sources"
    made = api.post(address, {"kind": "site", "address": site.url}, format="json")
    assert made.status_code == 201 and made.json()["is_busy"] is False
    one = f"/api/v1/knowledge-base/sources/{made.json()['id']}"
    work("documents")
    assert (api.get(one).json()["item_count"], api.get(one).json()["error"]) == (2, "")
    rows = api.get(f"{one}/items").json()["results"]
    assert [row["key"].rpartition("/")[2] for row in rows] == ["leave.html", "notice"]
    assert api.patch(one, {"every": "never"}, format="json").json()["every"] == "never"
    assert api.patch(one, {"every": "often"}, format="json").status_code == 422
    assert api.post(f"{one}/look-through", {}, format="json").status_code == 202
    assert len(api.get(address).json()["results"]) == 1
    assert api.delete(f"{one}?keep_documents=false").status_code == 204 and names() == []
