"""The child process that draws a page of a PDF with a passage marked. Never imported by the product.

Reads the file from standard input; argument: JSON with `page` (from 1) and `passage`; writes JSON with `image` (PNG in Base64) or `error`.
"""

import base64
import ctypes
import io
import json
import re
import sys
from typing import Any

import pypdfium2 as pdfium
from PIL import Image, ImageDraw
from pypdfium2 import raw

WIDTH, MAX_PIXELS = 1240, 6_000_000
MARK = (255, 205, 0, 96)
SHORTEST = 6
Box = tuple[int, int, int, int]


def main() -> None:
    asked = json.loads(sys.argv[3])
    try:
        answer = {"image": base64.b64encode(draw(sys.stdin.buffer.read(), asked["page"], asked["passage"])).decode()}
    except MemoryError:
        answer = {"error": "too_large"}
    except IndexError:
        answer = {"error": "no_page"}
    except Exception:
        answer = {"error": "corrupt"}
    sys.stdout.write(json.dumps(answer))


def draw(data: bytes, number: int, passage: str) -> bytes:
    """Return the page as PNG, 1,240 pixels wide. Raises IndexError for a page that is not there."""
    document = pdfium.PdfDocument(data)
    if not 1 <= number <= len(document):
        raise IndexError
    page = document[number - 1]
    width, height = page.get_size()
    scale = min(WIDTH / max(width, 1), (MAX_PIXELS / max(width * height, 1)) ** 0.5)
    image = page.render(scale=scale).to_pil().convert("RGBA")
    marks = Image.new("RGBA", image.size)
    pen = ImageDraw.Draw(marks)
    for box in boxes(page, passage, image.size):
        pen.rectangle(box, fill=MARK)
    out = io.BytesIO()
    Image.alpha_composite(image, marks).convert("RGB").save(out, "PNG", optimize=False)
    return out.getvalue()


def boxes(page: Any, passage: str, size: tuple[int, int]) -> list[Box]:
    """Return where the passage's sentences stand, in pixels; what is not found (a table, a line that was joined) is left out."""
    textpage = page.get_textpage()
    letters, places = _letters(textpage.get_text_range())
    found: list[Box] = []
    start = 0
    for sentence in re.split(r"(?<=[.!?。！？؟])\s*", passage):
        wanted = _letters(sentence)[0]
        at = letters.find(wanted, start) if len(wanted) >= SHORTEST else -1
        if at >= 0:
            start = at + len(wanted)
            first, last = places[at], places[start - 1]
            count = textpage.count_rects(first, last - first + 1)
            found += [_pixels(page, textpage.get_rect(number), size) for number in range(count)]
    return found


def _letters(text: str) -> tuple[str, list[int]]:
    """Return letters and digits alone, in lower case, with where each stands: line breaks and hyphens differ from the passage."""
    pairs = [(lower, place) for place, letter in enumerate(text) if letter.isalnum() for lower in letter.lower()]
    return "".join(letter for letter, _place in pairs), [place for _letter, place in pairs]


def _pixels(page: Any, rect: tuple[float, float, float, float], size: tuple[int, int]) -> Box:
    left, bottom, right, top = rect
    corners = [_device(page, x, y, size) for x, y in ((left, bottom), (right, top))]
    (x1, y1), (x2, y2) = corners
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)


def _device(page: Any, x: float, y: float, size: tuple[int, int]) -> tuple[int, int]:
    across, down = ctypes.c_int(), ctypes.c_int()
    raw.FPDF_PageToDevice(page.raw, 0, 0, *size, 0, x, y, ctypes.byref(across), ctypes.byref(down))
    return across.value, down.value


if __name__ == "__main__":
    main()
