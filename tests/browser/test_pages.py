"""Every page in light, dark, phone and German: no axe violation, no sideways scroll, a silent console, inside its weight."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.looks import VIEWS, is_sideways, violations
from tests.browser.test_main_job import CHAT, ask
from tests.live import PASSWORD

pytestmark = pytest.mark.browser
PAGES = ["/", "/agents/", "/knowledge/", "/runs/", "/chat/", "/chat/new/", "/search/?q=leave"]


@pytest.fixture(scope="module")
def addresses(live):
    """Pages of objects: a conversation, its run, the collection, a document."""
    with live.api(login="jonas") as api:
        agent = api.get("/api/v1/agents/").json()[0]["id"]
        message = api.post(
            f"/api/v1/agents/{agent}/chat", json={"text": "How many days of annual leave do I get?"}
        ).json()
        base = api.get("/api/v1/knowledge-base/").json()[0]["id"]
        document = api.get("/api/v1/knowledge-base/documents").json()["results"][-1]["id"]
        from tests.live import wait_for

        wait_for(lambda: api.get(f"/api/v1/runs/{message['run']}").json()["state"] == "succeeded")
    return [
        f"/chat/{message['conversation']}/",
        f"/chat/{message['conversation']}/messages/{message['parent']}/edit/",
        f"/runs/{message['run']}/",
        f"/knowledge/{base}/",
        f"/knowledge/{base}/?question=leave",
        f"/documents/{document}/",
    ]


@pytest.mark.parametrize("view", VIEWS)
def test_pages_are_accessible(view, live, open_page, addresses, tmp_path):
    page = open_page("/", **VIEWS[view])
    for path in [*PAGES, *addresses]:
        page.goto(f"{live.url()}{path}")
        page.screenshot(path=tmp_path / "page.png")
        assert violations(page) == [], path
        assert not is_sideways(page), path
    for path in ("/", "/sign-up/"):
        page.goto(f"http://localhost:{live.port}{path}")
        assert violations(page) == [], path
        assert not is_sideways(page), path


def test_pages_are_accessible_in_german(live, open_page, addresses):
    page = open_page("/", locale="de-DE")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    for path in [*PAGES, *addresses]:
        page.goto(f"{live.url()}{path}")
        assert violations(page) == [], path


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/password/reset/", "/accounts/signup/"])
def test_entrance_is_accessible(path, live, open_page):
    for view in VIEWS.values():
        page = open_page(path, signed_in=False, **view)
        assert violations(page) == []
        assert not is_sideways(page)


def test_dialogs_are_accessible(live, open_page, addresses):
    page = open_page(addresses[0], reduced_motion="reduce")
    page.keyboard.press("Control+k")
    expect(page.locator("#palette [role=option]").first).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Rename").click()
    expect(page.locator("#rename")).to_be_visible()
    assert violations(page) == []


def test_phone_has_a_drawer_and_a_sheet(live, open_page, addresses):
    page = open_page(addresses[0], **VIEWS["phone"])
    page.locator("a.cite").first.click()
    expect(page.locator("#srcsheet .src.on")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Menu").click()
    expect(page.locator("#drawer").get_by_role("link", name="Knowledge")).to_be_visible()
    page.locator("#drawer").get_by_role("link", name="Knowledge").click()
    expect(page).to_have_url(f"{live.url()}/knowledge/")


def test_admin_follows_the_policy(live, open_page):
    page = open_page("/admin/", login="amina")
    for path in ("/admin/", "/admin/knowledge/document/", "/admin/agents/agent/add/"):
        page.goto(f"{live.url()}{path}")
        assert [v for v in violations(page) if v[0] == "color-contrast"] == []


@pytest.mark.parametrize(
    ("path", "limit_kb"), [("/", 80), ("/agents/", 80), ("/knowledge/", 80), ("/runs/", 80), ("chat", 100)]
)
def test_page_weight(path, limit_kb, live, open_page, addresses):
    page = open_page("/")
    sizes = []
    page.context.clear_cookies(name="none")
    client = page.context.new_cdp_session(page)
    client.send("Network.enable")
    client.send("Network.setCacheDisabled", {"cacheDisabled": True})
    client.on("Network.loadingFinished", lambda e: sizes.append(e["encodedDataLength"]))
    page.goto(
        f"{live.url()}{addresses[0] if path == 'chat' else path}",
        wait_until="networkidle" if path != "chat" else "load",
    )
    page.wait_for_timeout(500)
    assert sum(sizes) < limit_kb * 1000, sum(sizes)
    assert len(sizes) <= 10


def test_hostile_answer_runs_nothing(live, open_page):
    from tests.standin.server import StandIn, says

    hostile = (
        "<script>document.title='owned'</script> ![x](https://evil.example/a.png) <img src=x onerror=\"document.title='owned'\">"
        " [click](javascript:document.title='owned')\n\n```html\n<script>document.title='owned'</script>\n```\nend of it"
    )
    foreign = []
    with StandIn() as server:
        server.script(says("", tokens=[hostile[i : i + 7] for i in range(0, len(hostile), 7)]))
        live.use_model(server.url)
        page = open_page("/chat/new/")
        page.on("request", lambda r: foreign.append(r.url) if ".localhost" not in r.url else None)
        ask(page, "Attack")
        page.wait_for_url(CHAT)
        expect(page.locator(".msg[data-run] .prose")).to_contain_text("end of it", timeout=15_000)
        page.reload()
        expect(page.locator(".msg[data-run] .prose")).to_contain_text("end of it")
        assert page.title() != "owned"
        assert foreign == []
    live.code(
        """
from apps.tenants.hosts import tenant_for_slug
from apps.core.tenancy import tenant_context
from apps.agents.models import Agent
with tenant_context(tenant_for_slug("acme")): Agent.objects.update(model=None)
"""
    )


def test_sign_up_to_the_first_sign_in(live, open_page, console):
    page = open_page("/", signed_in=False)
    page.goto(f"http://localhost:{live.port}/")
    page.get_by_role("link", name="Set up an organisation").click()
    page.fill("#id_name", "Initech")
    page.fill("#id_slug", "acme")
    page.fill("#id_person", "Bill Lumbergh")
    page.fill("#id_email", "bill@initech.example")
    page.fill("#id_password", PASSWORD)
    page.get_by_role("button", name="Set it up").click()
    expect(page.locator("#id_slug-n")).to_have_text("This address is taken.")
    expect(page.locator("#id_person")).to_have_value("Bill Lumbergh")
    assert [line for line in console if "422" not in line] == []
    console.clear()
    page.fill("#id_slug", "initech")
    page.fill("#id_password", PASSWORD)
    page.get_by_role("button", name="Set it up").click()
    expect(page.get_by_role("heading", name="Initech is ready")).to_be_visible(timeout=20_000)
    page.get_by_role("link", name="initech.localhost").click()
    page.fill("#id_login", "bill@initech.example")
    page.fill("#id_password", PASSWORD)
    page.click("main button[type=submit]")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bill")


@pytest.mark.parametrize("view", VIEWS)
def test_pages_of_administrators_are_accessible(view, live, open_page):
    page = open_page("/", login="amina", **VIEWS[view])
    page.goto(f"{live.url()}/members/")
    person = page.locator("#members a").first.get_attribute("href")
    page.goto(f"{live.url()}/knowledge/")
    collection = page.locator("main a[href^='/knowledge/']").first.get_attribute("href")
    page.goto(f"{live.url()}/agents/")
    agent = page.locator("main a[href$='/sharing/']").first.get_attribute("href").removesuffix("sharing/")
    page.goto(f"{live.url()}/models/")
    provider = page.locator("main a[href^='/models/providers/']").first.get_attribute("href")
    for path in (
        f"{collection}sharing/",
        f"{collection}sharing/?why={person.split('/')[-2]}",
        "/members/roles/new/",
        "/members/groups/",
        "/members/groups/new/",
        "/members/requests/",
        "/settings/sso/",
        "/settings/sso/new/?kind=saml",
        "/settings/sso/new/?kind=google",
        "/members/",
        person,
        "/members/roles/",
        "/keys/",
        "/settings/",
        "/account/",
        "/audit/",
        "/audit/?q=nothing-like-it",
        "/security/",
        "/security/?state=all",
        "/security/?q=nothing-like-it",
        "/security/alerts/",
        "/settings/features/",
        f"{agent}settings/",
        "/settings/support/",
        "/chat/?whose=shared",
        "/models/",
        "/models/new/?kind=azure",
        provider,
        "/usage/",
        "/usage/budgets/",
        "/usage/prices/",
    ):
        page.goto(f"{live.url()}{path}")
        assert violations(page) == [], path
        assert not is_sideways(page), path


def test_a_security_event_is_seen_and_handled(live, open_page):
    with live.http() as stranger:
        for _ in range(2):
            stranger.post("/api/v1/auth/login", json={"email": "victim@acme.example", "password": "wrong"})
    page = open_page("/", login="amina")
    page.get_by_role("link", name="Security", exact=True).first.click()
    event = page.locator("#events li", has_text="victim@acme.example")
    expect(event.get_by_text("2 times")).to_be_visible()
    event.get_by_text("Mark as handled").click()
    event.get_by_label("What was done").fill("Called them")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The event is marked as handled.")).to_be_visible()
    expect(page.locator("#events li", has_text="victim@acme.example")).to_have_count(0)
    page.get_by_label("Status").select_option("handled")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_text("Called them")).to_be_visible()


def test_alerts_go_to_a_new_address(live, open_page):
    page = open_page("/security/alerts/", login="amina")
    page.get_by_label("Address").fill("soc@acme.example")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("Alerts go to soc@acme.example from now on.")).to_be_visible()
    page.get_by_role("button", name=re.compile("Try it ?: soc@acme.example")).click()
    sent = page.locator("li", has_text="Trial").first
    expect(sent).to_contain_text("soc@acme.example")
    for _ in range(20):
        if sent.get_by_text("Sent", exact=True).count():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(sent.get_by_text("Sent", exact=True)).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name=re.compile("Remove ?: soc@acme.example")).click()
    expect(page.get_by_text("No more alerts go there.")).to_be_visible()


def test_support_is_let_in_enters_and_is_put_out(live, open_page, chromium, console):
    live.environment["OPERATOR_PASSWORD"] = PASSWORD
    live.manage("create_operator", "olga@platform.example", "Olga Operator")
    owner = open_page("/settings/support/", login="amina", slug="globex")
    owner.get_by_label("What is support to do?").fill("Look why the queue stands")
    owner.get_by_role("button", name="Let support in").click()
    expect(owner.get_by_text("Support may come in.")).to_be_visible()
    assert violations(owner) == []
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    operator = console.watch(context.new_page())
    operator.goto(f"http://localhost:{live.port}/operations/")
    assert violations(operator) == []
    operator.fill("#id_login", "olga@platform.example")
    operator.fill("#id_password", PASSWORD)
    operator.click("main button[type=submit]")
    expect(operator.get_by_role("heading", name="Operation")).to_be_visible()
    for width in (1280, 320):
        operator.set_viewport_size({"width": width, "height": 900})
        assert violations(operator) == [] and not is_sideways(operator), width
    operator.get_by_role("button", name="Enter Globex").click()
    operator.get_by_role("link", name="Go on").click()
    assert violations(operator) == []
    operator.get_by_role("button", name="Enter").click()
    expect(operator.get_by_text("as support. What you do is written down")).to_be_visible()
    assert violations(operator) == [] and not is_sideways(operator)
    owner.reload()
    owner.get_by_role("button", name="End it").click()
    expect(owner.get_by_text("Ended by you")).to_be_visible()
    operator.reload()
    expect(operator.locator("#id_login")).to_be_visible()
    context.close()


def test_a_conversation_is_shared_and_read(live, open_page):
    owner, reader = open_page("/chat/new/", login="jonas"), open_page("/", login="amina")
    ask(owner, "How many days of annual leave do I get?")
    owner.wait_for_url(CHAT)
    expect(owner.locator(".msg[data-open=no] .prose")).to_contain_text("28 days", timeout=20_000)
    talk = owner.url
    owner.get_by_role("button", name="More", exact=True).click()
    owner.get_by_role("link", name="Share", exact=True).click()
    owner.get_by_label("Group, role or person").select_option(label="Amina Haddad")
    owner.get_by_label("May", exact=True).select_option("view")
    owner.locator("form[action$='/sharing/'] button.primary").click()
    expect(owner.get_by_text("Shared with Amina Haddad.")).to_be_visible()
    assert violations(owner) == []
    reader.goto(f"{live.url()}/chat/?whose=shared")
    reader.locator("#conversations a", has_text="How many days").first.click()
    assert reader.url == talk
    expect(reader.get_by_text("only they write in it")).to_be_visible()
    expect(reader.locator(".prose")).to_contain_text("28 days")
    reader.get_by_text("Sources", exact=True).click()
    for width in (1280, 320):
        reader.set_viewport_size({"width": width, "height": 900})
        assert violations(reader) == [] and not is_sideways(reader)


PROJECTS = """
from apps.core.tenancy import tenant_context
from apps.projects.models import Project
from apps.tenants.hosts import tenant_for_slug
from django.utils import timezone
with tenant_context(tenant_for_slug("acme")): Project.objects.update(archived_at={})
"""


@pytest.fixture
def no_projects(live):
    """Without the demo's project, through which its members reach the collection."""
    live.code(PROJECTS.format("timezone.now()"))
    yield
    live.code(PROJECTS.format("None"))


def test_sharing_closes_and_opens_a_collection(live, open_page, console, no_projects):
    admin, colleague = open_page("/knowledge/", login="amina"), open_page("/", login="jonas")
    admin.locator("main a[href^='/knowledge/']").first.click()
    collection = admin.url
    admin.get_by_role("link", name="Share").click()
    admin.get_by_role("button", name="Shut it").click()
    expect(admin.get_by_text("Shut: only those below")).to_be_visible()
    colleague.goto(collection)
    expect(colleague.get_by_role("heading", name="There is nothing at this address")).to_be_visible()
    assert [line for line in console if "404" not in line] == []
    console.clear()
    assert violations(colleague) == []
    colleague.get_by_label("Do you need this page?").fill("I write the handbook")
    colleague.get_by_role("button", name="Ask for access").click()
    expect(colleague.get_by_role("heading", name="Those who give access are told")).to_be_visible()
    admin.get_by_label("Group, role or person").select_option(label="Jonas Lind")
    admin.get_by_label("May", exact=True).select_option("view")
    admin.get_by_text("For a time, or under conditions").click()
    admin.get_by_label("Until", exact=True).fill("2099-12-31")
    assert violations(admin) == []
    admin.locator("form[action$='/sharing/'] button.primary").click()
    expect(admin.get_by_text("Shared with Jonas Lind.")).to_be_visible()
    colleague.goto(collection)
    expect(colleague.get_by_text("Only those whom it is shared with")).to_be_visible()
    expect(colleague.locator("#drop")).to_have_count(0)
    admin.get_by_role("link", name="Why? Jonas Lind").click()
    expect(admin.get_by_text("Given to them by")).to_be_visible()
    admin.goto(f"{live.url()}/members/requests/")
    expect(admin.get_by_text("I write the handbook")).to_be_visible()
    admin.get_by_role("button", name="Access is given").first.click()
    admin.goto(f"{collection}sharing/")
    admin.get_by_role("button", name="Open it to everybody").click()
    expect(admin.get_by_text("Open to everybody in the organisation whose")).to_be_visible()


def test_single_sign_on_is_set_up_and_used(live, open_page, console):
    from oidc_provider_mock import User, run_server_in_thread

    from tests.standin.saml import ENTITY, SamlProvider

    person = User(sub="sso", claims={"email": "sso@acme.example", "email_verified": True, "name": "Sam Single"})
    with run_server_in_thread(user_claims=[person]) as server, SamlProvider() as campus:
        admin = open_page("/settings/", login="amina")
        admin.get_by_role("link", name="Single sign-on").click()
        admin.get_by_role("link", name="OpenID Connect").click()
        admin.get_by_label("Issuer").fill(f"http://127.0.0.1:{server.server_port}")
        admin.get_by_label("Client id").fill("guildhall")
        admin.get_by_label("Client secret").fill("s3cret")
        admin.get_by_role("button", name="Save").click()
        expect(admin.get_by_text("Single sign-on is saved.")).to_be_visible()
        admin.get_by_role("link", name="SAML 2.0").click()
        admin.get_by_label("Its entity id").fill(ENTITY)
        admin.get_by_label("Its address for sign-in").fill(campus.url)
        admin.get_by_label("Its certificate").fill(campus.certificate)
        admin.get_by_role("button", name="Save").click()
        admin.get_by_role("link", name="SAML 2.0").first.click()
        expect(admin.get_by_text("/accounts/saml/saml-20/acs/")).to_be_visible()
        assert violations(admin) == []
        for provider, field, value in (("OpenID Connect", "sub", "sso"), ("SAML 2.0", "email", "sso@acme.example")):
            page = open_page("/accounts/login/", signed_in=False)
            assert violations(page) == []
            page.get_by_role("link", name=f"Sign in with {provider}").click()
            page.locator(f"input[name={field}]").fill(value)
            page.locator("form button").first.click()
            expect(page.get_by_role("heading", level=1)).to_contain_text("Sam", timeout=10_000)
    of_the_provider = ("NAME_NOT_RESOLVED", "404 (NOT FOUND)")  # its page has a style from elsewhere and no icon
    console[:] = [line for line in console if not any(part in line for part in of_the_provider)]
    live.code(
        """
from apps.tenants.hosts import tenant_for_slug
from apps.core.tenancy import tenant_context
from apps.accounts.models import IdentityProvider
with tenant_context(tenant_for_slug("acme")): IdentityProvider.objects.all().delete()
"""
    )


def tab_to(page, target, most=150):
    """Press Tab until the element has the focus, as somebody without a mouse does."""
    target.wait_for()
    for _ in range(most):
        if target.evaluate("e => e === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("Tab does not lead there.")


def press(page, role, name, key="Enter", *, scope=None, exact=False):
    tab_to(page, (scope or page).get_by_role(role, name=name, exact=exact).first)
    page.keyboard.press(key)


def test_a_day_of_administration_by_keyboard_alone(live, open_page):
    page = open_page("/", login="amina")
    press(page, "link", "Members", exact=True)
    tab_to(page, page.get_by_label("Work e-mail"))
    page.keyboard.type("kim@acme.example")
    press(page, "checkbox", "Builder", "Space")
    press(page, "button", "Send the invitation")
    expect(page.locator("main")).to_contain_text("kim@acme.example")
    guest = open_page("/accounts/login/", signed_in=False)
    guest.goto(live.mailed(r"http://[^\s<>\"]*/invitation/[A-Za-z0-9_-]+/")[-1])
    guest.fill("#id_name", "Kim Keyboard")
    guest.fill("#id_password", PASSWORD)
    guest.keyboard.press("Enter")
    expect(guest.get_by_role("heading", level=1)).to_contain_text("Kim")
    give_factor(live, "kim@acme.example")

    page.goto(f"{live.url()}/members/?q=kim")
    press(page, "link", "Kim Keyboard")
    press(page, "checkbox", "Auditor", "Space")
    press(page, "button", "Save the roles")
    expect(page.get_by_role("checkbox", name="Auditor")).to_be_checked()
    press(page, "button", "Take the second factors away")
    expect(page.get_by_role("button", name="Take the second factors away")).to_have_count(0)
    press(page, "button", "Suspend")
    expect(page.get_by_role("dialog")).to_be_visible()
    press(page, "button", "Suspend", scope=page.get_by_role("dialog"))
    expect(page.locator("main")).to_contain_text("Suspended")
    guest.goto(f"{live.url()}/")
    expect(guest.locator("#id_login")).to_be_visible()

    page.goto(f"{live.url()}/keys/")
    tab_to(page, page.get_by_label("Name", exact=True))
    page.keyboard.type("ERP")
    press(page, "checkbox", "See agents, runs and what waits for approval", "Space")
    press(page, "button", "Make the key")
    first = page.get_by_label("Key", exact=True).input_value()
    press(page, "button", "Rotate ERP")
    expect(page.get_by_text("The former key opens for one more day.")).to_be_visible()
    second = page.get_by_label("Key", exact=True).input_value()
    assert first != second and second.startswith("gh_acme_")
    press(page, "link", "Audit", exact=True)
    expect(page.locator("#events li").nth(0)).to_contain_text("Amina Haddad")
    tab_to(page, page.get_by_label("Find an event"))
    page.keyboard.type("Kim")
    page.keyboard.press("Enter")
    expect(page.locator("#events")).to_contain_text("suspended a person")


def give_factor(live, email):
    live.code(
        f"""
from apps.tenants.hosts import tenant_for_slug
from apps.core.tenancy import tenant_context
from apps.accounts.models import User
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
with tenant_context(tenant_for_slug("acme")):
    TOTP.activate(User.objects.get(email="{email}"), generate_totp_secret())
"""
    )


def test_administration_by_keyboard_alone(live, open_page):
    page = open_page("/admin/", login="amina")
    press(page, "link", "Security events to handle")
    page.goto(f"{live.url()}/admin/accounts/user/?q=jonas")
    press(page, "checkbox", "Select this object for an action - Jonas Lind", "Space")
    tab_backwards(page, page.get_by_label("Action:"))
    page.keyboard.type("Suspend")
    tab_to(page, page.locator("button[name=index]"))
    page.keyboard.press("Enter")
    expect(page.locator("#result_list")).to_contain_text("Jonas Lind")
    page.goto(f"{live.url()}/members/?q=jonas&state=suspended")
    expect(page.locator("#members")).to_contain_text("Jonas Lind")
    press(page, "link", "Jonas Lind")
    press(page, "button", "Let in again")
    expect(page.locator("main")).to_contain_text("Active")


def tab_backwards(page, target, most=100):
    for _ in range(most):
        if target.evaluate("e => e === document.activeElement"):
            return
        page.keyboard.press("Shift+Tab")
    raise AssertionError("Shift and Tab do not lead there.")


def test_a_day_of_administration_on_a_phone(live, open_page):
    page = open_page("/", login="amina", **VIEWS["phone"])
    page.get_by_role("button", name="Menu").tap()
    page.locator("#drawer").get_by_role("link", name="Members").tap()
    page.get_by_label("Work e-mail").fill("phone@acme.example")
    page.get_by_role("checkbox", name="Member", exact=False).last.check()
    page.get_by_role("button", name="Send the invitation").tap()
    expect(page.locator("main")).to_contain_text("phone@acme.example")
    row = page.locator("li", has_text="phone@acme.example")
    row.get_by_role("button", name="Take back").tap()
    expect(page.locator("li", has_text="phone@acme.example")).to_have_count(0)
    page.goto(f"{live.url()}/members/?q=jonas")
    page.get_by_role("link", name="Jonas Lind").tap()
    page.get_by_role("button", name="Suspend").first.tap()
    page.get_by_role("dialog").get_by_role("button", name="Suspend").tap()
    expect(page.locator("main")).to_contain_text("Suspended")
    page.get_by_role("button", name="Let in again").tap()
    expect(page.locator("main")).to_contain_text("Active")
    page.get_by_role("button", name="Menu").tap()
    page.locator("#drawer").get_by_role("link", name="Audit").tap()
    expect(page.locator("#events li").first).to_be_visible()
    assert not is_sideways(page)


def test_audit_is_searched_and_taken_out(live, open_page):
    page = open_page("/audit/", login="amina")
    page.get_by_label("Action").select_option("account.signed_in")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#events li").first).to_contain_text("signed in")
    for form, first in (("CSV", "seq,at,action"), ("JSON Lines", '{"seq":')):
        with page.expect_download() as download:
            page.get_by_role("button", name=form).click()
        lines = download.value.path().read_text().splitlines()
        assert lines[0].startswith(first)
        assert all("account.signed_in" in line for line in lines[1:])
    page.goto(f"{live.url()}/audit/?action=audit.exported")
    expect(page.locator("#events li")).to_have_count(2)


def test_passkey_is_added_and_signs_in(live, open_page):
    page = open_page("/account/", login="jonas")
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.get_by_role("link", name="Second factor").click()
    page.get_by_role("link", name="Add").click()
    page.fill("#id_password", PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Add").click()
    expect(page.locator("main")).to_contain_text("recovery codes", ignore_case=True, timeout=10_000)
    assert violations(page) == []
    page.goto(f"{live.url()}/account/")
    expect(page.locator("main")).to_contain_text("On")
    page.context.clear_cookies()
    page.goto(f"{live.url()}/accounts/login/")
    assert violations(page) == []
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Jonas", timeout=10_000)
    page.goto(f"{live.url()}/accounts/2fa/")
    assert violations(page) == []
    live.code(
        """
from apps.tenants.hosts import tenant_for_slug
from apps.core.tenancy import tenant_context
from allauth.mfa.models import Authenticator
with tenant_context(tenant_for_slug("acme")): Authenticator.objects.all().delete()
"""
    )


def test_sign_in_with_an_authenticator_app(live, open_page):
    from tests.accounts.test_second_factor import totp

    page = open_page("/accounts/2fa/", login="amina", slug="globex")
    page.get_by_role("link", name="Activate").click()
    page.fill("#id_password", PASSWORD)
    page.get_by_role("button", name="Go on").click()
    secret = page.locator("#authenticator_secret").input_value()
    assert violations(page) == []
    expect(page.locator("img.qr")).to_be_visible()
    page.fill("#id_code", totp(secret))
    page.get_by_role("button", name="Activate").click()
    expect(page.locator("#recovery_codes")).not_to_be_empty()
    assert violations(page) == []
    page.context.clear_cookies()
    page.goto(f"{live.url('globex')}/accounts/login/")
    page.fill("#id_login", "amina@globex.example")
    page.fill("#id_password", PASSWORD)
    page.click("main button[type=submit]")
    page.fill("#id_code", totp(secret, 1))
    assert violations(page) == []
    page.get_by_role("button", name="Sign In").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Amina")
    page.goto(f"{live.url('globex')}/accounts/2fa/totp/deactivate/")
    page.fill("#id_password", PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Deactivate").click()
    expect(page.get_by_role("link", name="Activate")).to_be_visible()
