"""Charts as numbers that a template draws."""

from dataclasses import dataclass
from datetime import date

from apps.audit.actions import Severity

WIDTH, HEIGHT, GAP = 560, 96, 8
CLASSES = {Severity.LOW: "low", Severity.MEDIUM: "medium", Severity.HIGH: "high", Severity.CRITICAL: "critical"}


@dataclass(frozen=True)
class Bar:
    """A piece of a column; lengths in units of the chart, whose size is WIDTH by HEIGHT."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    day: date
    severity: Severity
    count: int


def stacked(days: list[tuple[date, dict[Severity, int]]]) -> list[Bar]:
    """Return one column a day, the worst at the bottom; the highest column fills the height."""
    most = max((sum(counts.values()) for _day, counts in days), default=0) or 1
    step = WIDTH / max(1, len(days))
    bars = []
    for index, (day, counts) in enumerate(days):
        y = float(HEIGHT)
        for severity in reversed(Severity):
            height = round(HEIGHT * counts[severity] / most, 1)
            if height:
                y -= height
                place = (round(index * step, 1), round(y, 1), round(step - GAP, 1), height)
                bars.append(Bar(*place, CLASSES[severity], day, severity, counts[severity]))
    return bars
