"""Pictures: each page of one is a scan."""

import io
from typing import Any

from PIL import Image

MAX_PAGES = 200


def read(data: bytes, kind: str) -> list[dict[str, Any]]:
    """Raises MemoryError for more dots than memory holds."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            count = min(getattr(picture, "n_frames", 1), MAX_PAGES)
    except Image.DecompressionBombError as error:
        raise MemoryError from error
    return [{"text": "", "headings": [], "page": number, "is_table": False} for number in range(1, count + 1)]
