"""The features that can be switched: offered by the platform, chosen by the organisation, for some people or all."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_registry: dict[str, "Flag"] = {}


@dataclass(frozen=True)
class Flag:
    """A feature. `is_offered` says whether organisations have it when no rule of the platform says otherwise."""

    key: str
    words: str | Promise
    help: str | Promise
    is_offered: bool = True

    def __post_init__(self) -> None:
        if self.key in _registry:
            raise ValueError(f"The flag {self.key} is declared twice.")
        _registry[self.key] = self


def flag(key: str) -> Flag:
    """Return a declared flag. Raises KeyError."""
    return _registry[key]


def all_flags() -> list[Flag]:
    """Return every declared flag in the order of declaration."""
    return list(_registry.values())


CONVERSATION_SHARING = Flag(
    key="conversations.sharing",
    words=_("Sharing conversations"),
    help=_(
        "People let others read a conversation of theirs. Switched off, what was shared cannot be read by others any more."
    ),
)
"""Declared here, with the settings, since every page of an organisation's settings lists it."""
