"""The built-in tools: what they answer, what they refuse, and that an agent has only what it was given."""

import json
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from apps.accounts.services.members import create_user
from apps.agents import registry
from apps.agents.models import Agent, Run, ToolGrant
from apps.agents.services import runs as services
from apps.agents.services import studio, tools
from apps.agents.tools.base import ToolContext, ToolFailed
from apps.agents.tools.calculator import calculate
from apps.agents.tools.calendar import RECKON_DAYS
from apps.agents.tools.web_page import READ_WEB_PAGE, is_on_host
from apps.core.errors import Conflict, Forbidden, InvalidInput
from tests.conftest import client_for
from tests.standin.server import calls, says


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("0.1 + 0.2", "0.3"),
        ("2 ** 10 // 3", "341"),
        ("round(19.99 * 3 * 1.19, 2)", "71.36"),
        ("sum(1, 2, 3) / mean(2, 4)", "2"),
        ("-sqrt(16) + abs(-4)", "0"),
        ("1_000_000 * 3 % 7", "3"),
    ],
)
def test_calculates_in_decimals(expression, value):
    assert calculate(expression) == Decimal(value)


@pytest.mark.parametrize(
    "expression",
    [
        *(
            "1 / 0",
            "9 ** 9 ** 9 ** 9",
            "'a' * 3",
            "__import__('os')",
            "x",
            "().__class__",
            "True + 1",
            "min",
            "lambda: 1",
        ),
        *("(" * 240 + "1" + ")" * 240, "1 +", "", "[1][0]", "f'{1}'", "1 if 1 else 2", "sqrt(-1)", "1; 2", "0 ** -1"),
    ],
)
def test_what_is_no_sum_is_refused(expression):
    with pytest.raises(ToolFailed):
        calculate(expression)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"date": "2026-01-31", "add_months": 1}, {"date": "2026-02-28", "weekday": "Saturday", "week": 9}),
        ({"date": "2026-11-27", "add_working_days": 1}, {"date": "2026-11-30", "weekday": "Monday", "week": 49}),
        ({"date": "2026-11-28", "add_working_days": 5}, {"date": "2026-12-04", "weekday": "Friday", "week": 49}),
        ({"date": "2026-11-27", "add_working_days": -6}, {"date": "2026-11-19", "weekday": "Thursday", "week": 47}),
        (
            {"date": "2026-11-27", "until": "2026-12-07"},
            {"date": "2026-11-27", "weekday": "Friday", "week": 48, "days": 10, "working_days": 6},
        ),
    ],
)
def test_reckons_with_days(arguments, expected):
    assert RECKON_DAYS.call(ToolContext(None, None, (), "k"), arguments).content == expected


@pytest.mark.parametrize(
    "arguments",
    [{"date": "2026-02-30"}, {"date": "9999-12-31", "add_days": 1}, {"add_months": -1200, "date": "0001-01-01"}],
)
def test_what_is_no_day_is_refused(arguments):
    with pytest.raises(ToolFailed):
        RECKON_DAYS.call(ToolContext(None, None, (), "k"), arguments)


# -- web pages -------------------------------------------------------------------------------------------------------

PAGES = {
    "/page": (
        200,
        {"Content-Type": "text/html; charset=utf-8"},
        b"<h1>Prices</h1><p>A seat costs 12 euros.</p><script>x</script>",
    ),
    "/long": (200, {"Content-Type": "text/plain"}, b"word " * 5000),
    "/moved": (302, {"Location": "/page"}, b""),
    "/inside": (302, {"Location": "http://169.254.169.254/latest/"}, b""),
    "/file": (302, {"Location": "file:///etc/passwd"}, b""),
    "/circle": (302, {"Location": "/circle"}, b""),
    "/picture": (200, {"Content-Type": "image/png"}, b"\x89PNG"),
    "/away": (302, {"Location": "http://localhost:{port}/page"}, b""),
}


@pytest.fixture(scope="module")
def site():
    asked = []

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            status, headers, body = PAGES.get(self.path, (404, {"Content-Type": "text/html"}, b"no"))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value.replace("{port}", str(server.server_port)))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    Thread(target=server.serve_forever, daemon=True).start()
    server.url, server.asked = f"http://127.0.0.1:{server.server_port}", asked
    yield server
    server.shutdown()


@pytest.fixture
def reading(site, settings):
    settings.TOOL_PRIVATE_HOSTS = frozenset({f"127.0.0.1:{site.server_port}", f"localhost:{site.server_port}"})

    def read(path, hosts=(), **arguments):
        context = ToolContext(None, None, (), "k", hosts=hosts)
        return READ_WEB_PAGE.call(context, {"url": site.url + path} | arguments).content

    return read


def test_page_is_read_as_text(reading, site):
    page = reading("/page")
    assert (page["url"], "A seat costs 12 euros." in page["text"], "script" in page["text"]) == (
        f"{site.url}/page",
        True,
        False,
    )
    assert reading("/moved")["url"] == f"{site.url}/page"


def test_long_page_comes_in_parts(reading):
    first = reading("/long")
    second = reading("/long", start=first["next_start"])
    assert len(first["text"]) + len(second["text"]) + 12_000 >= first["characters"]
    assert "next_start" in second


@pytest.mark.parametrize("path", ["/inside", "/file", "/circle", "/picture", "/none"])
def test_what_cannot_be_read_is_told(reading, path):
    with pytest.raises(ToolFailed):
        reading(path)


def test_trusted_host_does_not_redirect_words_away(reading):
    assert reading("/away")["url"].startswith("http://localhost")
    with pytest.raises(ToolFailed, match="answered 302"):
        reading("/away", hosts=("127.0.0.1",))


def test_private_address_is_closed_by_default(site):
    before = len(site.asked)
    with pytest.raises(ToolFailed, match="private address"):
        READ_WEB_PAGE.call(ToolContext(None, None, (), "k"), {"url": f"{site.url}/page"})
    assert len(site.asked) == before


@pytest.mark.parametrize(
    ("url", "is_on"),
    [
        ("https://example.com/a", True),
        ("https://docs.example.com/", True),
        ("https://EXAMPLE.com.evil.org/", False),
        ("https://badexample.com/", False),
        ("https://example.com@evil.org/", False),
        ("https://", False),
    ],
)
def test_hosts_of_a_grant_and_their_parts(url, is_on):
    assert is_on_host({"url": url}, ("example.com",)) is is_on


# -- which tools an agent has ----------------------------------------------------------------------------------------


def give(agent, *keys, **fields):
    for key in keys:
        ToolGrant.objects.create(agent=agent, tool=key, **fields)


def names(agent, **options):
    return [held.tool.spec.name for held in registry.tools_of(agent, **options)]


def test_agent_has_what_it_was_given(agent):
    assert names(agent) == ["search_knowledge"]
    give(agent, "calculate", "gone_tool", "ask_agent")
    assert names(agent) == ["search_knowledge", "calculate"]
    assert names(agent, allowed=["calculate"]) == ["calculate"]


def test_tool_that_was_not_given_is_not_there(member, agent, scripted, work):
    scripted.script(calls("calculate", {"expression": "6*7"}), says("I cannot."))
    run = services.start_run(actor=member, agent=agent, question="6*7?")
    work("agents")
    assert "no tool named calculate" in scripted.requests[1]["messages"][-1]["content"]
    run.refresh_from_db()
    assert run.state == "succeeded"


def test_result_goes_back_to_the_model(member, agent, scripted, work):
    give(agent, "calculate")
    scripted.script(calls("calculate", {"expression": "6*7"}), says("42."))
    run = services.start_run(actor=member, agent=agent, question="6*7?", tools=["calculate"])
    work("agents")
    assert json.loads(scripted.requests[1]["messages"][-1]["content"]) == {"value": "42"}
    assert [tool["function"]["name"] for tool in scripted.requests[0]["tools"]] == ["calculate"]
    run.refresh_from_db()
    assert (run.answer, run.holds) == ("42.", [])


def test_search_is_remembered_as_text_of_others(member, agent, base, scripted, work):
    scripted.script(calls("search_knowledge", {"query": "leave"}), says("None."))
    run = services.start_run(actor=member, agent=agent, question="Leave?")
    work("agents")
    run.refresh_from_db()
    assert run.holds == ["private", "untrusted"]


def test_too_many_calls_are_told_to_the_model(member, agent, scripted, work, monkeypatch):
    from dataclasses import replace

    give(agent, "calculate")
    monkeypatch.setitem(registry._tools, "calculate", replace(registry._tools["calculate"], calls_a_minute=1))
    ask = calls("calculate", {"expression": "1"})
    scripted.script(ask, ask, says("Done."))
    services.start_run(actor=member, agent=agent, question="1?")
    work("agents")
    results = [m["content"] for m in scripted.requests[2]["messages"] if m["role"] == "tool"]
    assert [("value" in result, "too often" in result) for result in results] == [(True, False), (False, True)]


def test_right_of_the_person_bounds_the_tool(member, admin_user, agent, scripted, work, monkeypatch):
    from dataclasses import replace

    give(agent, "calculate")
    guarded = replace(registry._tools["calculate"], permission="accounts.manage_members")
    monkeypatch.setitem(registry._tools, "calculate", guarded)
    for person, is_done in ((member, False), (admin_user, True)):
        scripted.script(calls("calculate", {"expression": "1"}), says("Done."))
        services.start_run(actor=person, agent=agent, question="1?")
        work("agents")
        assert ("value" in scripted.requests[-1]["messages"][-1]["content"]) is is_done


# -- other agents ----------------------------------------------------------------------------------------------------


@pytest.fixture
def colleague(agent, scripted):
    other = Agent.objects.create(name="Sums", description="Adds up.", model=agent.model)
    grant = ToolGrant.objects.create(agent=agent, tool="ask_agent")
    grant.colleagues.add(other)
    return other


def test_another_agent_is_asked_and_its_answer_comes_back(member, agent, colleague, scripted, work_on):
    scripted.script(calls("ask_agent", {"agent": "Sums", "question": "6*7?"}), says("It is 42."), says("Sums says 42."))
    run = services.start_run(actor=member, agent=agent, question="6*7?")
    work_on()
    run.refresh_from_db()
    child = Run.objects.get(parent=run)
    assert (run.state, run.answer, child.answer, child.depth, child.started_by) == (
        "succeeded",
        "Sums says 42.",
        "It is 42.",
        1,
        member,
    )
    told = json.loads(scripted.requests[2]["messages"][-1]["content"])
    assert told == {"agent": "Sums", "answer": "It is 42.", "run": str(child.pk)}


def test_agent_that_the_person_may_not_ask_is_not_asked(member, agent, colleague, scripted, work_on):
    colleague.is_open = False
    colleague.save()
    scripted.script(calls("ask_agent", {"agent": "Sums", "question": "6*7?"}), says("I may not."))
    run = services.start_run(actor=member, agent=agent, question="6*7?")
    work_on()
    assert "may not ask that agent" in scripted.requests[1]["messages"][-1]["content"]
    assert not Run.objects.filter(parent=run).exists()


def test_stopping_a_run_stops_whom_it_asked(member, agent, colleague, scripted, work_on):
    scripted.script(calls("ask_agent", {"agent": "Sums", "question": "6*7?"}))
    run = services.start_run(actor=member, agent=agent, question="6*7?")
    from apps.jobs import engine, worker
    from apps.core.tenancy import tenant_context

    with tenant_context(None):
        worker.execute(engine.claim("agents", "me"))
    run.refresh_from_db()
    assert run.state == "waiting"
    services.cancel_run(actor=member, run=run)
    work_on()
    assert set(Run.objects.values_list("state", flat=True)) == {"cancelled"}


def test_agents_that_ask_each_other_come_to_an_end(member, agent, colleague, scripted, work_on):
    back = ToolGrant.objects.create(agent=colleague, tool="ask_agent")
    back.colleagues.add(agent)
    ask = {
        agent.name: calls("ask_agent", {"agent": "Sums", "question": "?"}),
        "Sums": calls("ask_agent", {"agent": agent.name, "question": "?"}),
    }
    scripted.script(
        ask[agent.name],
        ask["Sums"],
        ask[agent.name],
        calls("ask_agent", {"agent": agent.name, "question": "?"}),
        *[says("End.")] * 4,
    )
    run = services.start_run(actor=member, agent=agent, question="?")
    work_on()
    assert sorted(Run.objects.values_list("depth", "state")) == [(n, "succeeded") for n in range(4)]
    run.refresh_from_db()
    assert run.answer == "End."


# -- giving tools ----------------------------------------------------------------------------------------------------


def test_tools_are_given_changed_and_taken(admin_user, agent):
    tools.set_tools(
        actor=admin_user,
        agent=agent,
        wanted=[{"tool": "calculate"}, {"tool": "read_web_page", "hosts": [".Example.com"]}],
    )
    assert [(g.tool, g.consent, g.hosts) for g in agent.tool_grants.all()] == [
        ("calculate", "by_risk", []),
        ("read_web_page", "by_risk", ["example.com"]),
    ]
    tools.set_tools(actor=admin_user, agent=agent, wanted=[{"tool": "read_web_page", "consent": "always"}])
    assert [(g.tool, g.consent, g.hosts) for g in agent.tool_grants.all()] == [
        ("read_web_page", "always", ["example.com"])
    ]


@pytest.mark.parametrize(
    "entry",
    [
        {"tool": "rm_rf"},
        {"tool": "search_knowledge"},
        {"tool": "calculate", "consent": "never"},
        {"tool": "read_web_page", "hosts": ["https://example.com/x"]},
        {"tool": "calculate", "second_field": "expression", "second_above": Decimal(5)},
    ],
)
def test_tools_that_cannot_be_given(admin_user, agent, entry):
    with pytest.raises(InvalidInput) as refused:
        tools.set_tools(actor=admin_user, agent=agent, wanted=[entry])
    assert refused.value.field == entry["tool"]


def test_only_agents_that_one_may_ask_are_colleagues(acme, agent, admin_user):
    builder = create_user(email="b@acme.example", name="B", password="correct horse 1", role="builder")
    shut = Agent.objects.create(name="Shut", is_open=False)
    with pytest.raises(InvalidInput):
        tools.set_tools(actor=builder, agent=agent, wanted=[{"tool": "ask_agent", "colleagues": [shut]}])


def test_members_give_no_tools(member, agent):
    with pytest.raises(Forbidden):
        tools.set_tools(actor=member, agent=agent, wanted=[])


# -- ways to stop ------------------------------------------------------------------------------------------------------


def test_all_agents_stand_still(member, admin_user, agent, scripted, work):
    from apps.tenants.options import STAND_STILL
    from apps.tenants.services import set_option

    run = services.start_run(actor=member, agent=agent, question="?")
    set_option(actor=admin_user, option=STAND_STILL, value=True)
    with pytest.raises(Conflict) as refused:
        services.start_run(actor=member, agent=agent, question="?")
    work("agents")
    run.refresh_from_db()
    assert (run.state, refused.value.code, scripted.asked) == ("cancelled", "standing_still", [])
    set_option(actor=admin_user, option=STAND_STILL, value=None)
    assert services.start_run(actor=member, agent=agent, question="?").state == "queued"


def test_agent_that_is_switched_off_stops_working(member, admin_user, agent, colleague, scripted, work):
    stopped = services.start_run(actor=member, agent=agent, question="?")
    other = services.start_run(actor=member, agent=colleague, question="?")
    studio.switch_agent(actor=admin_user, agent=agent, is_active=False)
    work("agents")
    assert [Run.objects.get(pk=run.pk).state for run in (stopped, other)] == ["cancelled", "succeeded"]


def test_tool_taken_away_during_a_run_is_gone_at_its_next_call(member, agent, scripted, work, monkeypatch):
    give(agent, "calculate")
    ask = calls("calculate", {"expression": "1"})

    real = registry.holds_still
    monkeypatch.setattr(registry, "holds_still", lambda grant: ToolGrant.objects.all().delete() and real(grant))
    scripted.script(ask, says("Gone."))
    services.start_run(actor=member, agent=agent, question="?")
    work("agents")
    assert "taken away" in scripted.requests[-1]["messages"][-1]["content"]


def test_page_of_tools_asks_the_database_no_more_for_many(acme, admin_user, agent):
    import json

    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from apps.integrations.services import connections as integrations

    client, counts = client_for(acme, admin_user), []
    for count in (2, 30):
        paths = {f"/x{n}": {"get": {"operationId": f"x{n}"}} for n in range(count)}
        document = json.dumps({"openapi": "3.1.0", "servers": [{"url": "https://x.example"}], "paths": paths})
        row = integrations.connect(actor=admin_user, values={"name": f"Desk {count}"}, document=document)
        integrations.set_operations(actor=admin_user, connection=row, chosen={f"x{n}": "read" for n in range(count)})
        client.get(f"/agents/{agent.pk}/tools/")
        with CaptureQueriesContext(connection) as asked:
            assert client.get(f"/agents/{agent.pk}/tools/").status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]
