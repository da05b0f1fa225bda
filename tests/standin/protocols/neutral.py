"""What every protocol's request says, in one shape, so that a script works for all of them."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Asked:
    """A request: its model, the roles of its messages in order, and what came along. `results` are tools' answers as text."""

    protocol: str
    model: str
    roles: tuple[str, ...]
    question: str
    results: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    images: int = 0
    schema: dict[str, Any] | None = None
    max_tokens: int | None = None
    body: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def is_answered(self) -> bool:
        """Say whether the last thing in it is the answer of a tool."""
        return self.roles[-1:] == ("tool",)


@dataclass(frozen=True)
class Frame:
    """A piece of a stream. Only words are waited between, and counted for cuts and stalls."""

    text: str
    is_word: bool = False


def halves(text: str) -> tuple[str, str]:
    """Cut a text in two, as vendors do with arguments."""
    return text[: len(text) // 2], text[len(text) // 2 :]
