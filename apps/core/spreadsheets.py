"""Tables of CSV: read as people's programs write them, and written so that nothing happens when people open them."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from django.utils.translation import gettext as _

from apps.core.errors import InvalidInput

FORMULA_STARTS = frozenset("=+-@\t\r")
DELIMITERS = ",;\t|"
MOST_COLUMNS = 100


def cell(text: str) -> str:
    """Return a text for a cell of CSV: one that a spreadsheet would take for a formula is made text (OWASP, CSV injection)."""
    return f"'{text}" if text[:1] in FORMULA_STARTS else text


def read_table(data: bytes, *, most_rows: int) -> tuple[list[str], list[dict[str, str]]]:
    """Return the names of the columns and the rows of a CSV file, those that are empty left out.

    UTF-8, or Windows-1252 where it is none; commas, semicolons, tabs or bars between the cells. Raises InvalidInput at `file`.
    """
    text = _decoded(data).replace("\0", "")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(header)
        rows = []
        for cells in reader:
            if any(each.strip() for each in cells):
                rows.append(dict(zip(header, cells + [""] * (len(header) - len(cells)), strict=False)))
            if len(rows) > most_rows:
                raise InvalidInput(_("At most %(n)d rows. Split the file.") % {"n": most_rows}, field="file")
    except csv.Error as error:
        words = _("This is no table of CSV: line %(line)d cannot be read.") % {"line": reader.line_num}
        raise InvalidInput(words, field="file") from error
    if not rows:
        raise InvalidInput(_("The file has no rows below its first line."), field="file")
    return header, rows


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InvalidInput(_("This is no text. Save the table as CSV in UTF-8."), field="file")


def _delimiter(text: str) -> str:
    """Return what stands most often in the first line of what may stand between cells."""
    first = text.lstrip().partition("\n")[0]
    return max(DELIMITERS, key=first.count)


def _check_header(header: Sequence[str]) -> None:
    if not any(header):
        raise InvalidInput(_("The first line has to name the columns."), field="file")
    if len(header) > MOST_COLUMNS:
        raise InvalidInput(_("At most %(n)d columns.") % {"n": MOST_COLUMNS}, field="file")
    named = [name for name in header if name]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise InvalidInput(_("Two columns are named “%(name)s”.") % {"name": twice[0]}, field="file")


def written(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield the lines of a CSV file, with the mark by which spreadsheets know UTF-8."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    yield "\ufeff"
    for row in rows:
        writer.writerow([cell(str(value)) for value in row])
        yield out.getvalue()
        out.seek(0)
        out.truncate()
