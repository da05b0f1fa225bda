"""Who looks after knowledge: a website taken over, its passages changed and left out, what is found measured before and after."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.looks import VIEWS, is_sideways, violations
from tests.standin.places import Outside


pytestmark = pytest.mark.browser
NAME = "Depot pages"


@pytest.fixture
def outside():
    running = Outside()
    running.pages = {
        "/opening": "<h1>Opening hours</h1><p>The depot opens at half past six.</p>",
        "/parking": "<h1>Parking</h1><p>Vans park behind the depot.</p>",
        "/gone": "",
    }
    running.status["/gone"] = 404
    yield running
    running.close()


@pytest.fixture
def base(live):
    """A collection of its own, gone afterwards."""
    with live.api() as api:
        known = {row["name"]: row["id"] for row in api.get("/api/v1/knowledge-base/").json()}
    yield known.get(NAME, "")
    live.code(
        f"""
from apps.core.tenancy import tenant_context
from apps.knowledge.models import Document, KnowledgeBase
from apps.tenants.hosts import tenant_for_slug
with tenant_context(tenant_for_slug("acme")):
    for document in Document.objects.filter(knowledge_base__name="{NAME}"): document.delete()
    KnowledgeBase.objects.filter(name="{NAME}").delete()
"""
    )


def test_several_documents_are_tagged_and_deleted(live, open_page, base):
    """Chosen on the list, with a keyboard and on a phone too."""
    page = open_page("/knowledge/", login="amina")
    page.get_by_label("Name").fill(NAME)
    page.locator("#name + *, form:has(#name)").get_by_role("button").first.click()
    collection = page.url
    with live.api() as api:
        for name in ("North", "South", "West"):
            body = {
                "name": name,
                "text": f"# {name}\n\nThe gate.",
                "knowledge_base": collection.rstrip("/").split("/")[-1],
            }
            assert api.post("/api/v1/knowledge-base/paste", json=body).status_code == 201
    page.reload()
    several = page.get_by_role("form", name="The chosen documents")
    several.get_by_role("button", name="Add tags").click()
    expect(page.get_by_text("Choose at least one document.")).to_be_visible()
    page.get_by_role("checkbox", name="Choose North").check()
    page.get_by_role("checkbox", name="Choose West").press("Space")
    several.get_by_label("Tags, with commas between them").fill("gates, sides")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Done with 2 documents.")).to_be_visible()
    expect(page.locator("#documents .chip", has_text="gates")).to_have_count(2)
    for view in VIEWS.values():
        page.set_viewport_size(view.get("viewport", {"width": 1440, "height": 900}))
        page.emulate_media(color_scheme=view.get("color_scheme", "light"))
        assert violations(page) == [] and not is_sideways(page)
    several.get_by_role("button", name="Choose all").click()
    several.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete the chosen documents?")
    dialog.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("checkbox", name="Choose South")).to_be_checked()
    several.get_by_role("button", name="Delete").click()
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Done with 3 documents.")).to_be_visible()
    expect(page.locator("#documents")).to_contain_text("No documents yet")


def test_website_is_taken_over_shaped_and_measured(live, open_page, outside, base, console):
    page = open_page("/knowledge/", login="amina")
    page.get_by_label("Name").fill(NAME)
    page.locator("#name + *, form:has(#name)").get_by_role("button").first.click()
    collection = page.url

    page.get_by_role("link", name="Sources").click()
    expect(page.locator("main")).to_contain_text("No sources yet")
    assert violations(page) == []
    page.get_by_role("link", name="Add a source").first.click()
    page.get_by_label("Address of the website").fill(outside.url)
    page.get_by_role("button", name="Add and look through").click()
    expect(page.locator("#source-state")).to_contain_text("Up to date", timeout=30_000)
    expect(page.locator("#source-state")).to_contain_text("There is nothing at this address.")
    assert violations(page) == []

    page.goto(collection)
    expect(page.locator("#reading")).to_have_attribute("data-busy", "no", timeout=30_000)
    page.get_by_role("link", name="Measure").click()
    page.get_by_label("Question", exact=True).fill("When does the depot open?")
    page.get_by_label("Answered by the document").select_option(label=f"{outside.host}/opening.html")
    page.get_by_role("button", name="Add the question").click()
    _measured(page, "before", 1)
    expect(page.locator("main")).to_contain_text("place 1")

    page.goto(collection)
    page.locator("#documents").get_by_role("link", name=re.compile("opening")).click()
    page.get_by_role("button", name=re.compile("^Leave out")).click()
    expect(page.locator("article")).to_contain_text("Left out of searches")
    assert violations(page) == []
    page.get_by_role("link", name=re.compile("^Change")).click()
    page.get_by_label("Text").fill(" ")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#text-n")).to_contain_text("Write the text")
    assert violations(page) == []

    page.goto(f"{collection}questions/")
    _measured(page, "after", 2)
    expect(page.locator("main")).to_contain_text("not found")
    expect(page.locator("#measured")).to_contain_text("1 question is found at another place")

    page.goto(f"{collection}?question=Where+do+vans+park%3F")
    page.get_by_text("Why this was found").first.click()
    expect(page.locator(".why").first).to_contain_text("vans")
    console[:] = [line for line in console if "status of 422" not in line]  # the passage that was refused


def _measured(page, note, columns):
    page.get_by_label("Note").fill(note)
    page.get_by_role("button", name="Measure now").click()
    expect(page.locator("#measured tbody tr")).to_have_count(columns, timeout=30_000)
    expect(page.locator("#measured svg rect")).to_have_count(2 * columns, timeout=30_000)
    page.reload()


@pytest.mark.parametrize("view", sorted(VIEWS))
def test_pages_in_every_view(live, open_page, view):
    with live.api() as api:
        known = api.get("/api/v1/knowledge-base/").json()[0]["id"]
        document = api.get("/api/v1/knowledge-base/documents").json()["results"][-1]["id"]
        passage = api.get(f"/api/v1/knowledge-base/documents/{document}/passages").json()["results"][0]["id"]
    page = open_page("/", login="amina", **VIEWS[view])
    for address in (
        f"/knowledge/{known}/sources/",
        f"/knowledge/{known}/sources/new/?kind=s3",
        f"/knowledge/{known}/questions/",
        f"/knowledge/{known}/?question=annual+leave",
        f"/documents/{document}/",
        f"/passages/{passage}/",
    ):
        page.goto(f"{live.url()}{address}")
        assert violations(page) == [] and not is_sideways(page), address
