"""How a page is looked at: in which views, by axe, and whether it scrolls sideways."""

from importlib.resources import files

AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
VIEWS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "has_touch": True,
        "is_mobile": True,
        "reduced_motion": "reduce",
    },
    "narrow": {"viewport": {"width": 320, "height": 700}},
}
SETTLED = "() => Promise.all(document.getAnimations().map(a => a.effect.getTiming().iterations < 99 ? a.finished.catch(() => 0) : 0))"


def violations(page):
    page.evaluate(SETTLED)
    page.evaluate(AXE)
    result = page.evaluate("() => axe.run(document, {resultTypes: ['violations'], preload: false})")
    return [(v["id"], [n["html"][:160] for n in v["nodes"][:3]]) for v in result["violations"]]


def is_sideways(page):
    return page.evaluate("() => document.documentElement.scrollWidth > document.documentElement.clientWidth + 1")
