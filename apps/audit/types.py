"""What is asked of the audit. No framework."""

from dataclasses import asdict, dataclass
from datetime import date


@dataclass(frozen=True)
class Search:
    """Which events are wanted; an empty field does not narrow anything."""

    words: str = ""
    action: str = ""
    actor_id: str = ""
    target_id: str = ""
    since: date | None = None
    until: date | None = None

    def as_json(self) -> dict[str, str]:
        """Return what was asked, for the record of the reading."""
        return {key: str(value) for key, value in asdict(self).items() if value}


@dataclass(frozen=True)
class SecuritySearch:
    """Which security events are wanted; an empty field does not narrow anything. `state`: open, handled or empty for all."""

    words: str = ""
    kind: str = ""
    least: int = 0
    state: str = ""

    def as_json(self) -> dict[str, str]:
        """Return what was asked, for the record of the reading."""
        return {key: str(value) for key, value in asdict(self).items() if value}
