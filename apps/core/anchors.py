"""Where links within a text lead: the names of its headings, as common viewers of Markdown make them. No framework."""

import re

_NOT_IN_A_NAME = re.compile(r"[^\w\- ]")


def anchor_of(title: str) -> str:
    """Return the name by which `[words](#name)` leads to a heading: small letters, a hyphen for each space, no other signs."""
    return _NOT_IN_A_NAME.sub("", " ".join(title.split()).lower()).replace(" ", "-")
