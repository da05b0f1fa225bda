"""The four wire protocols that the stand-in speaks, each as a module with `asked`, `frames`, `failure` and `models`."""

import re
from types import ModuleType

from tests.standin.protocols import anthropic, chat_completions, gemini, responses

ROUTES = (
    (re.compile(r"/chat/completions$"), chat_completions),
    (re.compile(r"/responses$"), responses),
    (re.compile(r"/v1/messages$"), anthropic),
    (re.compile(r"/v1beta/models/[^/:]+:streamGenerateContent$"), gemini),
)
NAMES = {"chat_completions": "openai", "responses": "openai_responses", "anthropic": "anthropic", "gemini": "gemini"}


def protocol_for(path: str) -> ModuleType | None:
    """Return the protocol that an address belongs to."""
    return next((module for pattern, module in ROUTES if pattern.search(path)), None)
