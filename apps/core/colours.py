"""Colours for pages in light and dark out of one, so that what is written in them and on them can be read. No framework.

Contrast as in WCAG 2.2 (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio); 4.5 to 1 is what text needs.
"""

import re

LEAST = 4.5
STANDARD = "#0b6377"
WHITE, BLACK = "#ffffff", "#0b0d0f"
LIGHT_SURFACES, DARK_SURFACES = (WHITE, "#f7f7f4", "#f0f0ec"), ("#191d21", "#121518", "#22272c")
"""What text in the colour stands on (static/ui/app.css)."""
_HEX = re.compile(r"#[0-9a-f]{6}\Z")


def is_colour(text: str) -> bool:
    """Say whether a text is a colour, as #0b6377."""
    return _HEX.match(text) is not None


def contrast(one: str, other: str) -> float:
    """Return how strongly two colours differ, 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def mixed(one: str, other: str, share: float) -> str:
    """Return a colour between two: `share` of the other, 0 to 1."""
    parts = zip(_parts(one), _parts(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in parts)


def readable(colour: str, *surfaces: str, towards: str) -> str:
    """Return the colour itself, or the nearest on its way to black or white that can be read on all of the surfaces."""
    steps = (mixed(colour, towards, step / 50) for step in range(51))
    return next((each for each in steps if all(contrast(each, surface) >= LEAST for surface in surfaces)), towards)


def theme_of(accent: str) -> dict[str, tuple[str, str]]:
    """Return what pages call their accent, each in light and in dark."""
    soft_light, soft_dark = mixed(accent, WHITE, 0.88), mixed(accent, DARK_SURFACES[0], 0.75)
    light = readable(accent, *LIGHT_SURFACES, towards=BLACK)
    dark = readable(mixed(accent, WHITE, 0.35), *DARK_SURFACES, BLACK, towards=WHITE)
    return {
        "accent": (light, dark),
        "accent-hover": (mixed(light, BLACK, 0.2), mixed(dark, WHITE, 0.25)),
        "on-accent": (WHITE, BLACK),
        "accent-text": (
            readable(light, *LIGHT_SURFACES, soft_light, towards=BLACK),
            readable(dark, *DARK_SURFACES, soft_dark, towards=WHITE),
        ),
        "accent-soft": (soft_light, soft_dark),
    }


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    shares = [part / 255 for part in _parts(colour)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
