"""Jira's analytics in a browser, by its sample; and a Jira connected by an administrator, whose tools an agent is given."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.looks import VIEWS, is_sideways, violations
from tests.integrations.jira_server import TOKEN, Jira, issue
from tests.integrations.test_jira import DAY, MOVED

pytestmark = pytest.mark.browser


@pytest.fixture
def form(form_of):
    return form_of("jira_analytics")


def test_how_work_flows_by_the_sample(open_page, form, console):
    for view in VIEWS.values():
        page = open_page(form, login="jonas", **view)
        page.get_by_role("button", name="Try it with a sample").click()
        page.get_by_role("button", name="Run", exact=True).click()
        expect(page.locator("#result")).to_contain_text("Worked on longest", timeout=60_000)
        expect(page.get_by_role("img", name="Cumulative flow")).to_be_visible()
        assert violations(page) == [] and not is_sideways(page)
    assert console == []


def test_jira_is_connected_and_its_tools_chosen(open_page, console):
    issues = [issue(1, DAY, [(MOVED, "To Do", "In Progress")])]
    with Jira(is_cloud=False, issues=issues) as server:
        page = open_page("/connections/new/", login="amina")
        page.get_by_label("What it is").select_option(label="Jira (Cloud or Data Center)")
        page.get_by_label("Name", exact=True).fill("Team board")
        page.get_by_label("Address of its OpenAPI document, of the MCP server, of Jira, GitHub or GitLab").fill(
            server.url
        )
        page.get_by_label("Signs in with").select_option(label="Bearer token")
        page.get_by_label("Secret", exact=True).fill(TOKEN)
        page.get_by_role("button", name="Read it").click()
        page.wait_for_url(re.compile("/connections/[0-9a-f-]{36}/$"))
        expect(page.locator("main")).to_contain_text("Find issues")
        assert violations(page) == []
        page.get_by_label("Find issues", exact=True).check()
        page.get_by_role("button", name="Save").click()
        expect(page.locator("main")).to_contain_text("1 / 5")
        page.get_by_role("button", name="Remove").click()
    assert console == []
