"""What must not happen when people open our files in a spreadsheet."""

FORMULA_STARTS = frozenset("=+-@\t\r")


def cell(text: str) -> str:
    """Return a text for a cell of CSV: one that a spreadsheet would take for a formula is made text (OWASP, CSV injection)."""
    return f"'{text}" if text[:1] in FORMULA_STARTS else text
