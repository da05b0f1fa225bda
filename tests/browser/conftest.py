"""Chromium on the running product. In CI (REQUIRE_BROWSER=1) a missing browser is a failure, not a skip."""

import os
import re
import shutil
import time
from urllib.parse import quote

import pytest
from django.urls import reverse

from tests.access.routes import ROUTES
from tests.canaries import answers, hits, places, plant
from tests.live import CHROMIUM_FLAGS, PASSWORD, Live
from tests.standin.server import StandIn


PATIENCE_MS = 15_000
"""How long a page is waited for unless a test says otherwise: the other tests work beside these."""
FRESH_S = 200
"""How long a sign-in is gone on with: for less than people are asked again who they are before they change what is theirs alone."""


@pytest.fixture(scope="session")
def live():
    """One instance for all of these tests, with 50 secrets in it that none of them may leave in a log, table, page or answer."""
    with Live() as instance:
        plant(instance)
        yield instance
        seen = dict(places(instance)) | dict(answers(instance, addresses()))
        assert any("Canary 0" in text for text in seen.values()), "the search finds nothing at all"
        found = {where: names for where, text in seen.items() if (names := hits(text, instance.secrets))}
        assert found == {}, found


def addresses():
    """Return every page and endpoint that is read without a key."""
    named = {
        route.name for route in ROUTES if route.method == "GET" and not route.keys and not route.name.startswith("scim")
    }
    return sorted(reverse(name, urlconf="config.urls") for name in named - {"support-enter"})


@pytest.fixture(scope="session")
def chromium():
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_MS)
    path = (
        os.environ.get("CHROMIUM")
        or shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )
    if not path:
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail("Chromium is required here and was not found.")
        pytest.skip("Chromium was not found; install it or set CHROMIUM.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


class Console(list):
    """What the page complained about."""

    def watch(self, page):
        page.on("console", lambda m: self.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e: self.append(str(e)))
        return page


@pytest.fixture
def console():
    return Console()


@pytest.fixture(scope="session")
def signed_in_before():
    """Cookies of people who signed in, by (organisation, name), with the moment until which their sign-in counts as fresh."""
    return {}


@pytest.fixture
def open_page(live, chromium, console, signed_in_before):
    """Open a page, signed in unless told otherwise; every context is closed and the console must be silent.

    Who signed in a little while ago goes on with that session, unless a test has ended it.
    """
    contexts = []

    def opener(path="/", *, signed_in=True, login="jonas", slug="acme", **options):
        viewport = options.pop("viewport", {"width": 1440, "height": 900})
        context = chromium.new_context(viewport=viewport, **options)
        contexts.append(context)
        page = console.watch(context.new_page())
        cookies, fresh_until = signed_in_before.get((slug, login), ([], 0))
        is_fresh = time.monotonic() < fresh_until
        if signed_in and is_fresh:
            context.add_cookies(cookies)
        page.goto(
            f"{live.url(slug)}{path}"
            if is_fresh or not signed_in
            else f"{live.url(slug)}/accounts/login/?next={quote(path)}"
        )
        if signed_in and "/accounts/login/" in page.url:
            page.fill("#id_login", f"{login}@{slug}.example")
            page.fill("#id_password", PASSWORD)
            page.click("main button[type=submit]")
            page.wait_for_url(lambda url: "/accounts/login/" not in url)
            signed_in_before[slug, login] = (context.cookies(), time.monotonic() + FRESH_S)
        return page

    yield opener
    for context in contexts:
        context.close()
    assert console == [], console


AWAY = """
from apps.agents.models import Agent, FormFile, Run
from apps.core.tenancy import tenant_context
from apps.tenants.hosts import tenant_for_slug
from apps.workflows.models import Batch
with tenant_context(tenant_for_slug("acme")):
    Batch.objects.filter(agent__blueprint="{blueprint}").delete()
    Run.objects.filter(blueprint="{blueprint}").delete()
    FormFile.objects.all().delete()
    Agent.objects.filter(blueprint="{blueprint}").delete()
"""
"""Take away an agent of a blueprint with what it did; several of these go in one call of the shell."""


@pytest.fixture
def form_of(live, open_page):
    """Make an agent from a blueprint, as its builder does, and return the address of its form; it goes away with the test."""
    made = []

    def make(blueprint):
        made.append(blueprint)
        page = open_page(f"/agents/new/?blueprint={blueprint}", login="amina")
        page.get_by_role("button", name="Make").click()
        page.wait_for_url(re.compile("/behaviour/$"))
        return page.url.replace("/behaviour/", "/form/").removeprefix(live.url())

    yield make
    for blueprint in made:
        live.code(AWAY.format(blueprint=blueprint))


@pytest.fixture
def vendor(live):
    """A stand-in on which the agents work, and do no more after the test."""
    with StandIn() as server:
        live.use_model(server.url)
        yield server
    from tests.browser.test_agents import AWAY

    live.code(AWAY)


@pytest.fixture
def key(live):
    """Make API keys; they are revoked after the test."""
    made = []

    def make(scopes, login="amina"):
        with live.api(login=login) as api:
            answer = api.post("/api/v1/api-keys/", json={"name": f"Client {len(made)}", "scopes": scopes}).json()
        made.append(answer["key"]["id"])
        live.secrets[f"key of a client {len(live.secrets)}"] = answer["text"].rpartition("_")[2]
        return answer["text"]

    yield make
    with live.api(login="amina") as api:
        [api.delete(f"/api/v1/api-keys/{pk}") for pk in made]
