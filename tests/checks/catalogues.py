"""`make catalogues`: collect the words of code and templates into locale/*/LC_MESSAGES/django.po and compile them.

Pure Python (Babel), so that nobody needs GNU gettext; the compiled catalogues are committed.
"""

import io
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
LOCALES = ("de",)
KEYWORDS = {
    "gettext": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "gettext_lazy": None,
    "ngettext_lazy": (1, 2),
    "_": None,
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
PYTHON_KEYWORDS = KEYWORDS | {"__": None}


def sources():
    """Yield (path, text as Python) of everything that may hold words."""
    from django.utils.translation.template import templatize

    for path in sorted([*ROOT.glob("apps/**/*.py"), *ROOT.glob("config/**/*.py")]):
        yield path, path.read_text()
    for path in sorted(ROOT.glob("templates/**/*.*")):
        yield path, templatize(path.read_text(), origin=str(path))


def collect():
    """Return a catalogue of every message, with its places."""
    catalogue = Catalog(project="Guildhall", charset="utf-8")
    for path, text in sources():
        method = "python"
        try:
            found = list(extract(method, io.BytesIO(text.encode()), KEYWORDS))
        except SyntaxError as error:
            raise SystemExit(f"{path}: {error}") from error
        for _line, message, comments, context in found:
            name = path.relative_to(ROOT).as_posix()
            catalogue.add(message, locations=[(name, 0)], context=context)
    return catalogue


def po_path(locale):
    return ROOT / "locale" / locale / "LC_MESSAGES" / "django.po"


def load(locale):
    path = po_path(locale)
    with path.open("rb") as file:
        return read_po(file, locale=locale)


def update(locale):
    """Add new messages, drop old ones, compile; return the ids without a translation."""
    path = po_path(locale)
    path.parent.mkdir(parents=True, exist_ok=True)
    catalogue = load(locale) if path.exists() else Catalog(locale=locale, project="Guildhall", charset="utf-8")
    catalogue.update(collect(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    with path.open("wb") as file:
        write_po(
            file, catalogue, width=110, omit_header=False, sort_output=True, include_lineno=False, ignore_obsolete=True
        )
    with path.with_suffix(".mo").open("wb") as file:
        write_mo(file, catalogue)
    return untranslated(catalogue)


def untranslated(catalogue):
    """Return the ids that have no (or an incomplete) translation."""
    return [
        m.id for m in catalogue if m.id and not (all(m.string) if isinstance(m.string, (tuple, list)) else m.string)
    ]


def check():
    """Name what the catalogues and the words of the code do not have in common, and what has no translation."""
    wanted = {message.id for message in collect() if message.id}
    for locale in LOCALES:
        catalogue = load(locale)
        yield from sorted(f"{locale} differs: {m}" for m in {m.id for m in catalogue if m.id} ^ wanted)
        yield from (f"{locale} untranslated: {m}" for m in untranslated(catalogue))


if __name__ == "__main__":
    if "--check" in sys.argv:
        found = list(check())
        print("\n".join(found))
        sys.exit(1 if found else 0)
    missing = {locale: update(locale) for locale in LOCALES}
    for locale, ids in missing.items():
        print(f"{locale}: {len(ids)} without a translation")
        for message_id in ids:
            print("   ", message_id)
    sys.exit(1 if any(missing.values()) else 0)
