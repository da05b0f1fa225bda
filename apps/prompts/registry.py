"""Who uses prompts: higher apps say so, since prompts know none of them."""

from collections.abc import Callable, Iterable

from apps.prompts.models import Prompt
from apps.prompts.types import Use

Finder = Callable[[Prompt], Iterable[Use]]
_finders: list[Finder] = []


def used_by(finder: Finder) -> None:
    """Have a finder asked who uses a prompt; called once at start."""
    _finders.append(finder)


def uses_of(prompt: Prompt) -> list[Use]:
    """Return everything that uses a prompt, by name."""
    return sorted((use for finder in _finders for use in finder(prompt)), key=lambda use: use.name)
