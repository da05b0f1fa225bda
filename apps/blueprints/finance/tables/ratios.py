"""Ratios of statements: where a table names accounts, those that it has the accounts for."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy

from apps.blueprints.figures import rounded
from apps.blueprints.finance.tables.columns import Column
from apps.blueprints.finance.tables.results import Figure

_ACCOUNTS = {
    "revenue": r"(?:net )?(?:revenue|sales|turnover)|umsatz(?:erlöse)?",
    "cost": r"cost of (?:goods sold|sales|revenue)|cogs|herstellungskosten|materialaufwand|wareneinsatz",
    "operating": r"operating (?:profit|income|result)|ebit|betriebsergebnis",
    "income": r"net (?:income|profit|result)|profit for the (?:year|period)|jahresüberschuss|gewinn",
    "current_assets": r"(?:total )?current assets|umlaufvermögen",
    "current_debts": r"(?:total )?current liabilities|kurzfristige verbindlichkeiten",
    "assets": r"total assets|bilanzsumme|gesamtvermögen",
    "debts": r"total (?:liabilities|debt)|fremdkapital|verbindlichkeiten",
    "equity": r"(?:total )?(?:shareholders'? )?equity|eigenkapital",
    "stock": r"inventor(?:y|ies)|vorräte",
}  # fmt: skip
_PATTERNS = {key: re.compile(pattern, re.IGNORECASE) for key, pattern in _ACCOUNTS.items()}


@dataclass(frozen=True)
class Ratio:
    """Accounts that are added above the line (with a minus: taken away) by the one below it, times 1 or 100."""

    name: Any
    above: tuple[str, ...]
    below: str
    times: int = 1


_RATIOS = (
    Ratio(gettext_lazy("Gross margin, per cent"), ("revenue", "-cost"), "revenue", 100),
    Ratio(gettext_lazy("Operating margin, per cent"), ("operating",), "revenue", 100),
    Ratio(gettext_lazy("Net margin, per cent"), ("income",), "revenue", 100),
    Ratio(gettext_lazy("Return on assets, per cent"), ("income",), "assets", 100),
    Ratio(gettext_lazy("Return on equity, per cent"), ("income",), "equity", 100),
    Ratio(gettext_lazy("Current ratio"), ("current_assets",), "current_debts"),
    Ratio(gettext_lazy("Quick ratio"), ("current_assets", "-stock"), "current_debts"),
    Ratio(gettext_lazy("Debt to equity"), ("debts",), "equity"),
    Ratio(gettext_lazy("Equity ratio, per cent"), ("equity",), "assets", 100),
)
Cells = dict[str, tuple[str, Decimal]]
"""By account, the cell and its number."""


def ratios(names: Column, values: Column) -> list[Figure]:
    """Return the ratios for which the names have the accounts, by a column of values."""
    numbers = dict(values.numbers)
    cells: Cells = {}
    for row, name in zip(names.rows, names.cells, strict=True):
        for key, pattern in _PATTERNS.items():
            if row in numbers and key not in cells and pattern.fullmatch(name.strip(" .:")):
                cells[key] = (f"{values.letter}{row}", numbers[row])
    found = [_figure(ratio, cells) for ratio in _RATIOS]
    return [figure for figure in found if figure is not None]


def _figure(ratio: Ratio, cells: Cells) -> Figure | None:
    needed = [key.lstrip("-") for key in (*ratio.above, ratio.below)]
    if any(key not in cells for key in needed) or cells[ratio.below][1] == 0:
        return None
    under, base = cells[ratio.below]
    first, *taken = [cells[key.lstrip("-")] for key in ratio.above]
    value = first[1] - sum((abs(number) for _cell, number in taken), Decimal(0))
    terms = "".join([first[0], *(f"-ABS({cell})" for cell, _number in taken)])
    top = f"({terms})" if taken else terms
    how = f"={top}/{under}" + (f"*{ratio.times}" if ratio.times != 1 else "")
    return Figure(name=str(ratio.name), value=rounded(ratio.times * value / base), how=how)
