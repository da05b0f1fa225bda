"""`python -m tests.pictures`: take the pictures of docs/ from the running product."""

import re
import shutil
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from tests.live import CHROMIUM_FLAGS, PASSWORD, Live

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "pictures"


def main():
    with Live(LIMIT_CHAT="60") as live, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        with live.http() as stranger:  # something for the security page to show
            for _ in range(3):
                stranger.post("/api/v1/auth/login", json={"email": "jonas@acme.example", "password": "wrong"})
        page.goto(f"{live.url()}/accounts/login/")
        page.fill("#id_login", "amina@acme.example")
        page.fill("#id_password", PASSWORD)
        page.click("main button[type=submit]")
        page.wait_for_url(f"{live.url()}/")
        page.fill("#ask", "How many days of annual leave do I get?")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("/chat/[0-9a-f-]{36}/"))
        expect(page.locator(".msg[data-open=no] .prose")).to_contain_text("28 days", timeout=20_000)
        page.locator("a.cite").first.click()
        shoot(page, "chat")
        page.goto(f"{live.url()}/")
        page.wait_for_timeout(6000)  # until the greeting of the sign-in has gone
        shoot(page, "home")
        page.goto(f"{live.url()}/knowledge/")
        page.get_by_role("link", name="Company documents").click()
        shoot(page, "collection")
        for name in ("members", "audit", "security", "settings"):
            page.goto(f"{live.url()}/{name}/")
            shoot(page, name)
        browser.close()


def shoot(page, name):
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(400)  # colours change within 120 ms
        page.screenshot(path=FOLDER / f"{name}-{scheme}.png")
    page.emulate_media(color_scheme="light")


if __name__ == "__main__":
    main()
