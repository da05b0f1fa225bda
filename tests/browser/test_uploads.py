"""Files dropped on a collection's page: two hundred at once, and one whose connection breaks."""

import os
import re

import pytest
from playwright.sync_api import expect

from tests.browser.looks import VIEWS, is_sideways, violations
from tests.knowledge.samples import pdf, with_part, word
from tests.live import wait_for

pytestmark = pytest.mark.browser
NAME = "Dropped files"
DROP = """
([files]) => {
  const carried = new DataTransfer();
  for (const [name, data] of files) carried.items.add(new File([Uint8Array.from(atob(data), c => c.charCodeAt(0))], name));
  document.querySelector('#drop').dispatchEvent(new DragEvent('drop', { dataTransfer: carried, bubbles: true, cancelable: true }));
}
"""


@pytest.fixture
def collection(live):
    """The address of a collection of its own, gone afterwards."""
    code = """
from apps.core.tenancy import tenant_context
from apps.knowledge.models import Document, KnowledgeBase
from apps.tenants.hosts import tenant_for_slug
with tenant_context(tenant_for_slug("acme")):
"""
    made = live.code(f'{code}    print(KnowledgeBase.objects.create(name="{NAME}").pk)\n')
    pk = made.strip().splitlines()[-1]
    yield f"/knowledge/{pk}/"
    live.code(
        f"""{code}
    for document in Document.objects.filter(knowledge_base="{pk}"): document.delete()
    KnowledgeBase.objects.filter(pk="{pk}").delete()
"""
    )


def forget_broken(console):
    """The browser notes each request that we broke."""
    console[:] = [line for line in console if "ERR_FAILED" not in line]


def test_two_hundred_files_dropped_at_once(live, open_page, collection, console):
    import base64

    files = [(f"rule-{n}.md", f"# Rule {n}\n\nGate {n} opens at {n % 24}.\n".encode()) for n in range(197)]
    files[50:50] = [
        ("torn.pdf", b"%PDF-1.7 torn"),
        ("locked.pdf", pdf(("Secret", "Nothing to see."), password="x")),
        ("film.mp4", b"\0\0\0\x20ftypisom" + b"\0" * 6000),
    ]
    page = open_page(collection, login="amina")
    page.evaluate(DROP, [[[name, base64.b64encode(data).decode()] for name, data in files]])
    sending, reading = page.locator("#sending"), page.locator("#reading")
    expect(sending).to_contain_text(re.compile(r"\d+ of (200|199) files uploaded"))
    seen = set()
    deadline = page.evaluate("Date.now()") + 150_000
    while reading.get_attribute("data-waiting") != "0" or "of 199" not in sending.inner_text():
        seen.add(int(page.locator("#sending-all").evaluate("bar => bar.value")))
        if page.locator("#whole").count():
            seen.add(1000 + int(page.locator("#whole").evaluate("bar => bar.value")))
        assert page.evaluate("Date.now()") < deadline, page.inner_text("main")[:3000]
        page.wait_for_timeout(100)
    expect(sending).to_contain_text("199 of 199 files uploaded")
    assert len([n for n in seen if n < 1000]) > 5 and len([n for n in seen if n > 1000]) > 5
    expect(sending).to_contain_text("film.mp4")
    expect(sending.get_by_role("alert")).to_contain_text("This type of file is not supported")
    expect(reading).to_contain_text("2 could not be read")
    expect(reading).to_contain_text("torn.pdf")
    expect(reading).to_contain_text("password")
    assert violations(page) == []
    sending.get_by_role("button", name="Remove: film.mp4").click()
    expect(sending).to_be_hidden()
    for name in ("torn.pdf", "locked.pdf"):
        reading.get_by_role("button", name=f"Remove {name}").click()
        expect(reading).not_to_contain_text(name)
    expect(page.locator("#doc-h")).to_contain_text("Documents")
    page.reload()
    expect(page.locator("#doc-h")).to_contain_text("197")
    console[:] = [line for line in console if "status of 422" not in line]


def test_one_that_breaks_off_goes_on_where_it_was(live, open_page, collection, console, tmp_path):
    path = tmp_path / "Plan.docx"
    path.write_bytes(
        with_part(word(("The plan", "opens the yard at nine.")), "word/media/image1.bin", os.urandom(4 << 20))
    )
    page = open_page(collection, login="amina")
    asked, broken = [], {"from": 2, "until": 4}

    def breaks(route):
        request = route.request
        if request.method == "PATCH":
            asked.append(int(request.headers["upload-offset"]))
            if broken["from"] < len(asked) <= broken["until"]:
                return route.abort()
        return route.continue_()

    page.route("**/knowledge-base/uploads/*", breaks)
    page.set_input_files("#up", path)
    expect(page.locator("#uploads").get_by_role("alert")).to_contain_text("It goes on by itself")
    expect(page.locator("#documents")).to_contain_text("Plan.docx", timeout=40_000)
    assert asked[:6] == [0, 1 << 20, 2 << 20, 2 << 20, 2 << 20, 3 << 20]
    forget_broken(console)


def test_after_a_reload_it_goes_on_and_it_can_be_given_up(live, open_page, collection, console, tmp_path):
    path = tmp_path / "Plan.docx"
    path.write_bytes(
        with_part(word(("The plan", "closes the yard at five.")), "word/media/image1.bin", os.urandom(4 << 20))
    )
    page = open_page(collection, login="amina")
    page.on("dialog", lambda dialog: dialog.accept())
    asked = []

    def stalls(route):
        if route.request.method == "PATCH":
            asked.append(int(route.request.headers["upload-offset"]))
            if len(asked) > 2:
                return route.abort()
        return route.continue_()

    page.route("**/knowledge-base/uploads/*", stalls)
    page.set_input_files("#up", path)
    expect(page.locator("#uploads").get_by_role("alert")).to_contain_text("It goes on by itself")
    page.set_viewport_size(VIEWS["phone"]["viewport"])
    assert not is_sideways(page)
    page.reload()
    page.set_input_files("#up", path)
    expect(page.locator("#uploads").get_by_role("alert")).to_contain_text("It goes on by itself")
    assert asked[:4] == [0, 1 << 20, 2 << 20, 2 << 20]
    page.get_by_role("button", name="Cancel: Plan.docx").click()
    expect(page.locator("#sending")).to_be_hidden()
    forget_broken(console)
    wait_for(lambda: live.sql("SELECT count(*) FROM knowledge_upload", schema="t_acme") == [(0,)])


def test_a_client_of_the_protocol_works_unchanged(live, tmp_path):
    from tusclient.client import TusClient
    from tusclient.storage.filestorage import FileStorage

    path = tmp_path / "Depot.md"
    path.write_text("# Depot\n\n" + "The depot keeps forty vans. " * 20_000)
    headers = {"Authorization": f"Bearer {live.token()}", "X-Tenant": "acme"}
    client = TusClient(f"http://localhost:{live.port}/api/v1/knowledge-base/uploads", headers=headers)
    kept = FileStorage(str(tmp_path / "kept.json"))
    options = {"chunk_size": 200_000, "metadata": {"filename": "Depot.md"}, "store_url": True, "url_storage": kept}
    client.uploader(str(path), **options).upload(stop_at=250_000)
    other = client.uploader(str(path), **options)
    assert other.offset == 250_000
    other.upload()
    with live.api() as api:
        rows = api.get("/api/v1/knowledge-base/documents?q=Depot.md").json()["results"]
        found = [row for row in rows if row["name"] == "Depot.md"]  # the guide's is called depot.md
        assert [row["size_bytes"] for row in found] == [path.stat().st_size]
        api.delete(f"/api/v1/knowledge-base/documents/{found[0]['id']}").raise_for_status()
