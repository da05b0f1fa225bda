"""Cells of tables: which column is what by its name, and the numbers in them, in English and German."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

_NUMBER = re.compile(r"[+-]?\d[\d.,']*")


def columns_in(head: Sequence[str], words: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Say in which place each column is that the first row names by one of its words; the first of them counts most."""
    names = [re.sub(r"[\s_.:]+", " ", cell.strip().lower()).strip() for cell in head]
    return {key: names.index(word) for key, known in words.items() for word in reversed(known) if word in names}


def number_in(text: str, *, has_comma: bool) -> Decimal | None:
    """Return the number in a cell: with a currency or per cent sign, in brackets or with a minus behind for a negative one."""
    bare = re.sub(r"[\s\u00a0\u202f%€$£]|\b[A-Z]{3}\b", "", text)
    is_negative = (bare.startswith("(") and bare.endswith(")")) or bare.endswith("-")
    bare = bare.strip("()").removesuffix("-").replace("'", "").replace("’", "").replace("−", "-")
    if not _NUMBER.fullmatch(bare):
        return None
    bare = bare.replace(".", "").replace(",", ".") if has_comma else bare.replace(",", "")
    if bare.count(".") > 1:
        return None
    return -Decimal(bare) if is_negative else Decimal(bare)


def writes_commas(cells: Sequence[str]) -> bool:
    """Say whether cells write a comma before their decimals."""
    commas = sum(re.search(r",\d{1,2}\D*$", cell) is not None for cell in cells)
    return commas > 0 and not any(re.search(r"\.\d{1,2}\D*$", cell) for cell in cells)
