"""Whether pages that are pictures can be read here: by Tesseract, where the operator installed it."""

import shutil
import subprocess
from functools import lru_cache

from django.conf import settings

MOST_LANGUAGES = 4
NOT_LANGUAGES = ("osd", "equ")


@lru_cache(maxsize=1)
def scan_languages() -> str:
    """Return what the engine is told to expect, like "deu+eng"; "" where no engine is installed."""
    engine = shutil.which("tesseract")
    if not engine:
        return ""
    try:
        done = subprocess.run([engine, "--list-langs"], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    installed = [name for name in done.stdout.split("\n")[1:] if name and name not in NOT_LANGUAGES]
    wanted = [name for name in settings.OCR_LANGUAGES if name in installed] or sorted(installed)[:MOST_LANGUAGES]
    return "+".join(wanted)
