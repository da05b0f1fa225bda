"""`python -m tests.pictures`: take the pictures of docs/ from the running product; with names of SCENES, those alone."""

import io
import json
import re
import shutil
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import expect, sync_playwright

from tests.blueprints.samples import tender_pdf
from tests.browser.test_widget import another_site, element
from tests.integrations.service import DOCUMENT
from tests.live import CHROMIUM_FLAGS, PASSWORD, Live, wait_for
from tests.standin.server import StandIn, calls

ROOT = Path(__file__).resolve().parent.parent
FOLDER, TENDERS = ROOT / "docs" / "pictures", ROOT / "apps" / "blueprints" / "rfp"


# A month of two models, so that the pages of models and usage have something to show.
A_MONTH = """
from datetime import timedelta
from apps.accounts.models import User
from apps.core.tenancy import tenant_context
from apps.providers import services as providers
from apps.tenants.hosts import tenant_for_slug
from apps.usage.models import UsageDay
from apps.usage.services import budgets, reports
with tenant_context(tenant_for_slug("acme")):
    amina = User.objects.get(email="amina@acme.example")
    def add(kind, name, model, **fields):
        row = providers.save_provider(actor=amina, values={"kind": kind, "name": name}, api_key="sk-picture")
        return providers.save_model(actor=amina, provider=row, values={"name": model, "context_tokens": 400000, "takes_images": True, "takes_schema": True, **fields})
    spare = add("openai", "OpenAI", "gpt-5-mini")
    add("anthropic", "Anthropic", "claude-sonnet-5-5", fallback=spare)
    budgets.save_budget(actor=amina, values={"name": "Whole company", "scope": "tenant", "limit": 400})
    budgets.save_budget(actor=amina, values={"name": "Each person", "scope": "each", "limit": 2000000, "measure": "tokens", "period": "day"})
    for back in range(30):
        day = reports.today() - timedelta(days=back)
        calls = 0 if day.weekday() > 4 else 40 + (back * 7) % 31
        for dimension, key, label, share in (("total", "", "", 4), ("agent", "a", "Handbook guide", 3), ("agent", "b", "Tender reader", 1)):
            if calls:
                UsageDay.objects.update_or_create(day=day, dimension=dimension, key=key, defaults={"label": label, "calls": calls * share, "input_tokens": calls * share * 2100, "output_tokens": calls * share * 260, "cost": calls * share / 25})
"""

# A prompt in two versions, and an agent that follows it, with a personality and business rules.
A_PROMPT = """
from apps.accounts.models import User
from apps.agents.models import Agent, Personality, RuleSet
from apps.agents.services import behaviour
from apps.core.tenancy import tenant_context
from apps.prompts.services import library
from apps.prompts.types import Variable
from apps.tenants.hosts import tenant_for_slug
with tenant_context(tenant_for_slug("acme")):
    amina = User.objects.get(email="amina@acme.example")
    variables = [Variable("tone", "choice", default="warm", choices=("warm", "plain")), Variable("desk", help="Which desk it is")]
    text = "You are the {{ desk }} desk of {{ organisation }}.\\nAnswer {{ person }} in a {{ tone }} way.\\nNever book anything."
    prompt = library.create_prompt(actor=amina, name="Travel desk", description="For everything about trips", text=text, variables=variables)
    library.set_label(actor=amina, prompt=prompt, name="production", version=prompt.versions.get())
    library.add_version(actor=amina, prompt=prompt, text=text + " Ask for the dates first.", variables=variables, note="Asks for the dates")
    agent = Agent.objects.get(name="Handbook guide")
    values = {"prompt": prompt, "prompt_label": "production", "prompt_values": {"desk": "travel"}}
    chosen = {"personality": Personality.objects.get(key="analytical"), "rule_sets": RuleSet.objects.filter(key="financial_adviser")}
    behaviour.set_behaviour(actor=amina, agent=agent, values=values | chosen)
"""

# A service of which an agent has two operations, one of them to change something.
A_SERVICE = """
from apps.accounts.models import User
from apps.agents.models import Agent
from apps.agents.services import tools
from apps.core.tenancy import tenant_context
from apps.integrations.services import connections as services
from apps.tenants.hosts import tenant_for_slug
with tenant_context(tenant_for_slug("acme")):
    amina = User.objects.get(email="amina@acme.example")
    values = {{"base_url": "https://tickets.acme.example/api", "description": "What the house has to mend", "auth": "bearer"}}
    row = services.connect(actor=amina, values=values, secret="picture", document={document!r})
    services.set_operations(actor=amina, connection=row, chosen={{"listTickets": "read", "createTicket": "write"}})
    agent = Agent.objects.get(name="Handbook guide")
    keys = ("calculate", "ticket_desk_listTickets", "ticket_desk_createTicket")
    tools.set_tools(actor=amina, agent=agent, wanted=[{{"tool": key}} for key in keys])
"""

# The same agent with plans among its tools.
A_PLANNER = """
from apps.accounts.models import User
from apps.agents.models import Agent
from apps.agents.services import tools
from apps.core.tenancy import tenant_context
from apps.tenants.hosts import tenant_for_slug
with tenant_context(tenant_for_slug("acme")):
    amina = User.objects.get(email="amina@acme.example")
    tools.set_tools(actor=amina, agent=Agent.objects.get(name="Handbook guide"), wanted=[{"tool": "work_by_plan"}])
"""

# The same agent on another site.
A_WIDGET = """
from apps.accounts.models import User
from apps.agents.models import Agent
from apps.core.tenancy import tenant_context
from apps.knowledge.models import KnowledgeBase
from apps.tenants.hosts import tenant_for_slug
from apps.widgets.services.widgets import save_widget
with tenant_context(tenant_for_slug("acme")):
    amina = User.objects.get(email="amina@acme.example")
    values = {{"name": "Shop", "agent": Agent.objects.get(name="Handbook guide").pk, "origins": ["{site}"]}}
    values |= {{"collections": [KnowledgeBase.objects.first().pk], "greeting": "Hello! What may we help you with?"}}
    print(save_widget(actor=amina, values=values)[0].pk)
"""

# An experiment that some people have asked in.
AN_EXPERIMENT = """
import random
from datetime import timedelta
from decimal import Decimal
from django.utils import timezone
from apps.accounts.models import User
from apps.agents.models import Agent, Run
from apps.conversations.models import Conversation, Feedback, Message
from apps.core.tenancy import tenant_context
from apps.evaluations.services import experiments
from apps.tenants.hosts import tenant_for_slug
from apps.usage.models import UsageRecord
with tenant_context(tenant_for_slug("acme")):
    amina, agent = User.objects.get(email="amina@acme.example"), Agent.objects.get(name="Handbook guide", draft_of=None)
    row = experiments.start_experiment(actor=amina, agent=agent, values={"name": "Shorter answers", "percent": 30})
    chance = random.Random(5)
    for number in range(60):
        person = User.objects.create(email=f"asks{number}@acme.example", name=f"Asks {number}", is_active=False)
        arm, good = ("challenger", 0.85) if number % 3 == 0 else ("control", 0.6)
        for _again in range(chance.randint(1, 5)):
            began = timezone.now()
            ended = began + timedelta(seconds=chance.uniform(1, 4))
            state = "failed" if chance.random() < 0.04 else "succeeded"
            run = Run.objects.create(agent=agent, started_by=person, arm=arm, state=state, title="x", question="x", started_at=began, finished_at=ended)
            cost = Decimal(str(round(chance.uniform(0.001, 0.002), 6)))
            UsageRecord.objects.create(key=str(run.pk), run_id=run.pk, cost=cost, provider_name="p", model_name="m")
            if chance.random() < 0.6:
                talk = Conversation.objects.create(owner=person, agent=agent, title="x")
                answer = Message.objects.create(conversation=talk, position=1, role="assistant", text="x", run=run)
                Feedback.objects.create(message=answer, is_good=chance.random() < good)
    print(row.pk)
"""


def main(*wanted):
    with Live(LIMIT_CHAT="60") as live, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        sign_in(live, page)
        for name in wanted or ("tour", *SCENES):
            SCENES.get(name, tour)(live, page)
        browser.close()


def sign_in(live, page):
    page.goto(f"{live.url()}/accounts/login/")
    page.fill("#id_login", "amina@acme.example")
    page.fill("#id_password", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url(f"{live.url()}/")


def tour(live, page):
    """What everybody sees first, and what builders and administrators work with."""
    with live.http() as stranger:  # something for the security page to show
        for _ in range(3):
            stranger.post("/api/v1/auth/login", json={"email": "jonas@acme.example", "password": "wrong"})
    page.fill("#ask", "How many days of annual leave do I get?")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/chat/[0-9a-f-]{36}/"))
    expect(page.locator(".msg[data-open=no] .prose")).to_contain_text("28 days", timeout=20_000)
    page.locator("a.cite").first.click()
    shoot(page, "chat")
    page.get_by_role("button", name="Bad answer").click()
    page.get_by_label("What would have been right?").fill("Trainees get 30 days.")
    shoot(page, "feedback")
    page.goto(f"{live.url()}/")
    page.wait_for_timeout(6000)  # until the greeting of the sign-in has gone
    shoot(page, "home")
    page.goto(f"{live.url()}/knowledge/")
    page.get_by_role("link", name="Company documents").click()
    shoot(page, "collection")
    page.get_by_role("link", name="Staff handbook.pdf").first.click()
    shoot(page, "document")
    for name in ("members", "audit", "security", "settings"):
        page.goto(f"{live.url()}/{name}/")
        shoot(page, name)
    live.code(A_MONTH)
    for name in ("models", "usage"):
        page.goto(f"{live.url()}/{name}/")
        shoot(page, name)
    page.goto(f"{live.url()}/projects/")
    page.get_by_role("link", name="New colleagues").click()
    shoot(page, "project")
    page.goto(f"{live.url()}/agents/")
    page.get_by_role("link", name="Fill in the form Policy brief").click()
    page.get_by_label("topic").fill("annual leave")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("#result .doc")).to_be_visible(timeout=20_000)
    shoot(page, "form")
    shoot_automations(live, page)
    live.code(A_PROMPT)
    page.goto(f"{live.url()}/prompts/")
    page.get_by_role("link", name="Travel desk").click()
    shoot(page, "prompt")
    page.goto(f"{live.url()}/agents/")
    page.get_by_role("link", name="How it answers Handbook guide").click()
    shoot(page, "behaviour")
    page.get_by_role("link", name="Versions").click()
    page.get_by_role("button", name="Work on a draft").click()
    page.get_by_label("Instructions").fill("You answer questions of staff.\nBe brief.\nSay on which page it stands.")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Compare and publish").click()
    page.wait_for_timeout(6000)  # until the word that it is saved has gone
    shoot(page, "draft")
    page.get_by_label("What is new, in a few words").fill("Names the page")
    page.get_by_role("button", name="Publish the draft").click()
    shoot_tools(live, page)


def shoot_samples(live, page):
    """What the families make of what comes with them."""
    shoot_blueprint(live, page)
    shoot_sample(live, page, "invoice_validator", "4 errors were found", "invoice")
    shoot_sample(live, page, "finance_analyser", "What stands out", "figures")
    shoot_sample(live, page, "rfp_costs", "How sure it is", "costs")
    shoot_sample(live, page, "hr_screener", "Ranking", "screening")
    shoot_sample(live, page, "jira_analytics", "Worked on longest", "flow")


def shoot_tools(live, page):
    """A connected service, the tools of an agent, and a call of it that waits."""
    with StandIn() as vendor:
        live.use_model(vendor.url)
        live.code(A_SERVICE.format(document=json.dumps(DOCUMENT)))
        page.goto(f"{live.url()}/connections/")
        page.get_by_role("link", name="Ticket desk").click()
        shoot(page, "connection")
        page.goto(f"{live.url()}/agents/")
        page.get_by_role("link", name="Tools Handbook guide").click()
        shoot(page, "tools")
        page.goto(f"{live.url()}/agents/python/new/")
        page.get_by_role("button", name="Run", exact=True).click()
        expect(page.locator("#try-out pre")).to_be_visible()
        shoot(page, "python")
        page.goto(f"{live.url()}/memory/")
        page.get_by_label("Something that agents should know about you").fill("I work in the depot in Lyon.")
        page.get_by_role("button", name="Write it down").click()
        shoot(page, "memory")
        ticket = {"title": "The lift in building B is stuck between two floors"}
        vendor.script(calls("ticket_desk_createTicket", {"body": ticket}))
        page.goto(f"{live.url()}/chat/new/")
        page.get_by_role("textbox", name="Message").fill(
            "The lift in building B is stuck. Tell the people of the house."
        )
        page.keyboard.press("Enter")
        expect(page.locator("[data-approval]")).to_be_visible(timeout=20_000)
        shoot(page, "approval")
        live.code(A_PLANNER)
        tasks = ["Find how many days of leave new staff get.", "Write a note of five lines for the board."]
        vendor.script(calls("work_by_plan", {"tasks": tasks}))
        page.goto(f"{live.url()}/chat/new/")
        page.get_by_role("textbox", name="Message").fill("Prepare a note on leave for the board.")
        page.keyboard.press("Enter")
        expect(page.locator("[data-approval] .tasks")).to_be_visible(timeout=20_000)
        shoot(page, "plan")


def shoot_blueprint(live, page):
    """A tender that the agent of a blueprint took apart."""
    page.goto(f"{live.url()}/agents/new/?blueprint=rfp_analyser")
    page.get_by_role("button", name="Make").click()
    page.wait_for_url(re.compile("/behaviour/$"))
    page.goto(page.url.replace("/behaviour/", "/form/"))
    file = {"name": "schools.pdf", "mimeType": "application/pdf", "buffer": tender_pdf()}
    page.set_input_files("input[type=file]", file)
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("#result")).to_contain_text("5 requirements", timeout=30_000)
    shoot(page, "blueprint")


def shoot_sample(live, page, blueprint, words, name):
    """What a blueprint makes of the sample that ships with it."""
    page.goto(f"{live.url()}/agents/new/?blueprint={blueprint}")
    page.get_by_role("button", name="Make").click()
    page.wait_for_url(re.compile("/behaviour/$"))
    page.goto(page.url.replace("/behaviour/", "/form/"))
    page.get_by_role("button", name="Try it with a sample").click()
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("#result")).to_contain_text(words, timeout=20_000)
    shoot(page, name)


def shoot_automations(live, page):
    """A schedule that was started by hand, and a table of which each row was asked for."""
    page.goto(f"{live.url()}/automations/new/")
    page.locator("main").get_by_role("link", name="Handbook guide").click()
    page.fill("#id_name", "Leave, every Monday")
    page.get_by_label("What it is asked").fill("How many days of annual leave do I get?")
    page.get_by_label("How often").select_option(label="Every week")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile("/automations/[0-9a-f-]{36}/$"))
    page.get_by_role("button", name="Start now").click()
    expect(page.locator("#occurrences")).to_contain_text("Conversation · Sent", timeout=20_000)
    page.wait_for_timeout(6000)  # until the word that it starts has gone
    shoot(page, "automation")
    page.goto(f"{live.url()}/agents/")
    page.get_by_role("link", name="Fill in the form Policy brief").click()
    page.get_by_role("link", name="Many at once").click()
    rows = b"topic,reader,owner\nannual leave,staff,Ann\nsickness,managers,Bo\ntravel,nobody,Cy\n"
    page.set_input_files("#id_file", {"name": "topics.csv", "mimeType": "text/csv", "buffer": rows})
    page.get_by_role("button", name="Upload").click()
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#batch .card-head").first).to_contain_text("Done", timeout=30_000)
    shoot(page, "batch")


def shoot_workflow(live, page):
    """The workflow that answers a tender: as it is written, and while it waits for somebody."""
    page.goto(f"{live.url()}/workflows/new/?pattern=tender")
    page.get_by_role("button", name="Make it").click()
    page.wait_for_url(re.compile("/edit/$"))
    shoot(page, "workflow")
    page.get_by_role("link", name="To the start").click()
    for field, name in (
        ("tender", "analyser/samples/tender.md"),
        ("work", "costs/samples/work.csv"),
        ("rates", "costs/samples/rates.csv"),
    ):
        page.set_input_files(f"#id_values-{field}", TENDERS / name)
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_url(re.compile("/executions/"))
    expect(page.locator("#execution")).to_contain_text("Waits for somebody", timeout=60_000)
    shoot(page, "execution")


def shoot(page, name):
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(400)  # colours change within 120 ms
        page.screenshot(path=FOLDER / f"{name}-{scheme}.png")
    page.emulate_media(color_scheme="light")


def shoot_code(live, page):
    """A repository and its parts, and the tests that were written for it."""
    for blueprint, name, words in (
        ("code_documentation", "code", "Architecture"),
        ("code_tests", "tests", "How much is covered"),
    ):
        page.goto(f"{live.url()}/agents/new/?blueprint={blueprint}")
        page.get_by_role("button", name="Make").click()
        page.wait_for_url(re.compile("/behaviour/$"))
        page.goto(page.url.replace("/behaviour/", "/form/"))
        page.get_by_role("button", name="Try it with a sample").click()
        page.get_by_role("button", name="Run", exact=True).click()
        expect(page.locator("#result")).to_contain_text(words, timeout=120_000)
        shoot(page, name)


def shoot_looks(live, page):
    """An organisation with a colour and a logo of its own; the standard comes back afterwards."""
    drawn, logo = Image.new("RGBA", (300, 120), (0, 0, 0, 0)), io.BytesIO()
    pen = ImageDraw.Draw(drawn)
    pen.ellipse((10, 10, 110, 110), fill="#8a1c4a")
    pen.rounded_rectangle((130, 40, 290, 80), 8, fill="#33202a")
    drawn.save(logo, "PNG")
    page.goto(f"{live.url()}/settings/looks/")
    page.get_by_label("Colour").fill("#8a1c4a")
    page.get_by_label("Logo", exact=True).set_input_files(
        {"name": "logo.png", "mimeType": "image/png", "buffer": logo.getvalue()}
    )
    page.get_by_role("button", name="Save").click()
    page.wait_for_timeout(6_500)  # until the message has gone
    shoot(page, "looks")
    page.get_by_role("button", name="Remove the logo").click()
    page.get_by_role("button", name="Standard colour").click()


def shoot_checklist(live, page):
    """The plan for a new colleague as a checklist, two things of it done."""
    page.goto(f"{live.url()}/agents/new/?blueprint=hr_onboarding")
    page.get_by_role("button", name="Make").click()
    page.wait_for_url(re.compile("/behaviour/$"))
    page.goto(page.url.replace("/behaviour/", "/form/"))
    page.get_by_role("button", name="Try it with a sample").click()
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("#result")).to_contain_text("Hand over laptop and keys", timeout=60_000)
    page.get_by_role("button", name="Keep as a checklist").click()
    for number, title in enumerate(("Send the contract and get it back", "Order a laptop and a telephone"), 1):
        page.get_by_role("button", name=f"Done: {title}").click()
        expect(page.locator("#checklist")).to_contain_text(f"{number} of 11 done")
    page.wait_for_timeout(6_500)  # until the message has gone
    shoot(page, "checklist")


def shoot_webhook(live, page):
    """A web address that is told of runs: one message arrived, one is tried again."""
    receiver = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    page.goto(f"{live.url()}/webhooks/new/")
    page.get_by_label("Name").fill("Service desk")
    page.get_by_label("Web address").fill(f"http://127.0.0.1:{receiver.server_port}/guildhall")
    for words in ("A run ends", "A document can be searched", "A workflow waits"):
        page.get_by_label(words).check()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="I have copied it").click()
    for status, state in ((204, "Delivered"), (503, "answered 503")):
        receiver.status = status
        page.get_by_role("button", name="Send a trial").click()
        where = page.url
        wait_for(lambda state=state: page.goto(where) and page.locator(".rows", has_text=state).count())
    page.wait_for_timeout(500)
    shoot(page, "webhook")
    receiver.shutdown()


class Receiver(BaseHTTPRequestHandler):
    """Answers each request with the server's `status`."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *args):
        pass


def shoot_widget(live, page):
    """An agent that answers on another site."""
    with another_site(live) as site:
        site.html = element(live, live.code(A_WIDGET.format(site=site.origin)).strip())
        page.goto(site.origin)
        page.get_by_role("button", name="Ask us").click()
        chat = page.frame_locator("iframe")
        chat.get_by_label("Message", exact=True).fill("How many days of annual leave do I get?")
        page.keyboard.press("Enter")
        expect(chat.locator(".msg:not(.me)")).to_have_attribute("aria-busy", "false", timeout=30_000)
        shoot(page, "widget")


def _evaluated(api, evaluation, **about):
    """Run a set to its end; return the run's key."""
    run = api.post(f"/api/v1/evaluations/{evaluation}/runs", json=about).json()["id"]
    wait_for(lambda: api.get(f"/api/v1/evaluations/runs/{run}").json()["state"] == "done")
    return run


def shoot_evaluation(live, page):
    """A draft that passes less than what is published, and an experiment."""
    with live.api(login="amina") as api:
        agent = next(row["id"] for row in api.get("/api/v1/agents/").json() if row["name"] == "Handbook guide")
        made = api.post("/api/v1/evaluations/", json={"agent": agent, "name": "What people ask about leave"}).json()
        asked = {"How many days of annual leave do I get?": "28 days", "How do I report that I am sick?": "manager"}
        cases = [{"question": question, "expected": expected} for question, expected in asked.items()]
        api.post(f"/api/v1/evaluations/{made['id']}/cases/bulk", json={"cases": cases}).raise_for_status()
        draft = api.post(f"/api/v1/agents/{agent}/draft").json()
        api.patch(f"/api/v1/agents/{draft['id']}", json={"knowledge_bases": []}).raise_for_status()
        before, after = (_evaluated(api, made["id"], draft=is_draft) for is_draft in (False, True))
    page.goto(f"{live.url()}/evaluations/runs/{after}/?with={before}")
    shoot(page, "evaluation")
    page.goto(f"{live.url()}/experiments/{live.code(AN_EXPERIMENT).strip()}/")
    shoot(page, "experiment")


SCENES = {
    "evaluation": shoot_evaluation,
    "widget": shoot_widget,
    "webhook": shoot_webhook,
    "checklist": shoot_checklist,
    "looks": shoot_looks,
    "code": shoot_code,
    "samples": shoot_samples,
    "workflow": shoot_workflow,
}
"""What can be taken alone."""

if __name__ == "__main__":
    main(*sys.argv[1:])
