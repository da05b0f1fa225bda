"""The child process that reads one page that is a picture, by the engine that is installed. Never imported by the product.

Reads the file from standard input; arguments: root, kind, JSON with `page` (from 1) and `languages`; writes JSON with `paragraphs` or `error`.
"""

import io
import json
import subprocess
import sys
from typing import Any

from PIL import Image

DOTS_PER_INCH, MOST_DOTS = 200, 12_000_000
ENGINE = ["tesseract", "stdin", "stdout", "--psm", "3", "-l"]
Image.MAX_IMAGE_PIXELS = 60_000_000  # twice as many are an error


def main() -> None:
    kind, asked = sys.argv[2], json.loads(sys.argv[3])
    try:
        picture = _page(sys.stdin.buffer.read(), kind, asked["page"])
        answer: dict[str, Any] = {"paragraphs": _read(picture, asked["languages"])}
    except (MemoryError, Image.DecompressionBombError):
        answer = {"error": "too_large"}
    except Exception:
        answer = {"error": "corrupt"}
    sys.stdout.write(json.dumps(answer))


def _page(data: bytes, kind: str, number: int) -> Image.Image:
    """Return the page in greys, at a size that the engine reads well and the limits bear."""
    if kind == "pdf":
        import pypdfium2 as pdfium

        page = pdfium.PdfDocument(data)[number - 1]
        width, height = page.get_size()
        scale = min(DOTS_PER_INCH / 72, (MOST_DOTS / max(width * height, 1)) ** 0.5)
        return page.render(scale=scale, grayscale=True).to_pil().convert("L")
    picture = Image.open(io.BytesIO(data))
    picture.seek(number - 1)
    grey = picture.convert("L")
    share = (MOST_DOTS / max(grey.width * grey.height, 1)) ** 0.5
    return grey if share >= 1 else grey.resize((int(grey.width * share), int(grey.height * share)))


def _read(picture: Image.Image, languages: str) -> list[str]:
    out = io.BytesIO()
    picture.save(out, "PNG", dpi=(DOTS_PER_INCH, DOTS_PER_INCH))
    done = subprocess.run([*ENGINE, languages], input=out.getvalue(), capture_output=True, check=True)
    text = done.stdout.decode(errors="replace").replace("\f", "")
    return [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]


if __name__ == "__main__":
    main()
