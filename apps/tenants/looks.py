"""What an organisation looks like: a colour that can be read, and a logo as a small PNG without anything else in it."""

import hashlib
import io
import warnings

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from PIL import Image, UnidentifiedImageError

from apps.core.colours import LEAST, WHITE, contrast, is_colour, readable, theme_of
from apps.core.errors import InvalidInput

MOST_BYTES, MOST_PIXELS, SIZE = 1 << 20, 16_000_000, (480, 160)


def checked_accent(typed: str) -> str:
    """Return a colour as it is stored, "" for the standard one. Raises InvalidInput for none, and for one on which white cannot be read."""
    accent = typed.strip().lower()
    if not accent:
        return ""
    if not is_colour(accent):
        raise InvalidInput(_("Write a colour like #0b6377."), field="accent")
    found = contrast(accent, WHITE)
    if found < LEAST:
        words = _(
            "White on this colour is hard to read: a contrast of %(found)s, at least %(least)s is needed. %(other)s would do."
        )
        near = readable(accent, WHITE, towards="#0b0d0f")
        raise InvalidInput(
            words % {"found": number_format(found, 1), "least": number_format(LEAST, 1), "other": near}, field="accent"
        )
    return accent


def checked_logo(data: bytes) -> tuple[bytes, str]:
    """Return a logo as PNG of 480 by 160 pixels at most, drawn anew, and its digest. Raises InvalidInput."""
    if len(data) > MOST_BYTES:
        raise InvalidInput(_("The logo is larger than 1 MB."), field="logo")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a picture that claims to be huge
            image = Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP"))
            if image.width * image.height > MOST_PIXELS:
                raise InvalidInput(_("The logo has too many pixels."), field="logo")
            drawn = image.convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Warning, Image.DecompressionBombError) as error:
        raise InvalidInput(
            _("The logo is no picture that can be read. Use PNG, JPEG or WebP."), field="logo"
        ) from error
    drawn.thumbnail(SIZE)
    written = io.BytesIO()
    drawn.save(written, "PNG", optimize=True)
    return written.getvalue(), hashlib.sha256(written.getvalue()).hexdigest()[:16]


def stylesheet(accent: str) -> str:
    """Return the style that puts an accent into effect."""
    colours = "".join(f"--{name}:light-dark({light},{dark});" for name, (light, dark) in theme_of(accent).items())
    return f":root{{--brand:{accent};{colours}}}"
