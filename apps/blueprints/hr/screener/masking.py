"""Résumés without whose they are: names, contacts and what nobody may be judged by are covered before anything is scored.

What is labelled (`Date of birth:`), the name at the top and wherever it stands again, words for sex, family, faith and age, and whatever
points at a person by its shape (apps.core.personal). Where somebody studied or when may still tell an age or an origin: nothing of that is covered.
"""

import re
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from apps.core.personal import PHONE, REGIONS, find

NAME, CONTACT, PROTECTED = "[name]", "[contact]", "[covered]"
_LABELS = {
    NAME: r"(?:full |first |last |family )?name|vorname|nachname|familienname",
    CONTACT: r"address|home address|anschrift|adresse|wohnort|telephone|phone|mobile|telefon|mobil|e-?mail|linkedin|xing|github|website",
    PROTECTED: (
        r"(?:date of birth|born|birthday|geburtsdatum|geboren(?: am)?|geb\.)|(?:place of birth|geburtsort)|age|alter"
        r"|(?:nationality|citizenship|staatsangehörigkeit|nationalität|ethnicity|race|herkunft)"
        r"|(?:marital status|familienstand|civil status)|(?:gender|sex|geschlecht)|(?:religion|faith|konfession)"
        r"|(?:children|kinder)|(?:disability|schwerbehinderung|behinderung)|(?:pronouns|pronomen)|(?:photo|foto)"
    ),
}
_LABELLED = {
    mark: re.compile(rf"^(?P<label>[\s>*_-]*(?:{labels})[\s*_]*:[\s*_]*)(?P<value>\S.*)$", re.IGNORECASE | re.MULTILINE)
    for mark, labels in _LABELS.items()
}
_TITLE = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Herr|Frau)\b\.?(?:\s+[A-ZÄÖÜ][\w'-]+){0,2}")
_WORDS = re.compile(
    r"\b(?:he|she|him|her|his|hers|himself|herself|man|woman|male|female|father|mother|mum|dad|wife|husband|married|single parent|divorced|widowed|pregnan\w+"
    r"|(?:maternity|paternity|parental) leave|elternzeit|mutterschutz|mutter|vater|ehefrau|ehemann|verheiratet|ledig|geschieden|verwitwet|weiblich|männlich"
    r"|christian|catholic|protestant|muslim|jewish|hindu|buddhist|katholisch|evangelisch|muslimisch|jüdisch"
    r"|gay|lesbian|bisexual|transgender|queer|disabled|wheelchair|schwerbehindert\w*)\b",
    re.IGNORECASE,
)
_AGES = re.compile(
    r"\b(?:aged?\s+\d{2}|\d{2}[- ]years?[- ]old|\d{2} jahre alt|born (?:on |in )?[\w .,/-]{0,20}\d{4}|geboren (?:am |in )?[\w .,/-]{0,20}\d{4})\b",
    re.IGNORECASE,
)
_A_NAME = re.compile(r"(?:(?:Dr|Prof|Dipl)\.?[\w-]*\s+)*(?:[A-ZÄÖÜÀ-Ý][\w'’-]+\s+){1,3}[A-ZÄÖÜÀ-Ý][\w'’-]+")
_NOT_NAMES = re.compile(
    r"\b(?:curriculum|vitae|résumé|resume|cv|lebenslauf|bewerbung|application|profile|profil)\b", re.IGNORECASE
)
_A_PERIOD = re.compile(r"(?:\d{1,2}[./-])?\d{4}(?:\s*[-–]\s*(?:\d{1,2}[./-])?\d{4})?")
LEAST_NAME = 3


class Cover:
    """Covers the texts of one résumé; `covered` counts what, by mark."""

    def __init__(self, top: str, language: str) -> None:
        """`top` are the first lines, where whose it is stands."""
        self.regions = REGIONS.get(language, REGIONS["en"])
        self.covered: Counter[str] = Counter()
        parts = {part for name in names_in(top) for part in re.split(r"[\s.]+", name) if len(part) >= LEAST_NAME}
        joined = "|".join(sorted(map(re.escape, parts), key=len, reverse=True))
        self.names = re.compile(rf"(?<!\w)(?:{joined})(?!\w)", re.IGNORECASE) if joined else None

    def text(self, text: str) -> str:
        """Return a text with everything covered."""
        for mark, pattern in _LABELLED.items():
            text = pattern.sub(partial(self._labelled, mark), text)
        for place in reversed(find(text, self.regions)):
            if place.kind == PHONE and _A_PERIOD.fullmatch(text[place.start : place.end]):
                continue  # 01/2021 is a number in Vienna, too
            text = text[: place.start] + self._mark(CONTACT) + text[place.end :]
        text = _TITLE.sub(lambda _found: self._mark(NAME), text)
        if self.names is not None:
            text = self.names.sub(lambda _found: self._mark(NAME), text)
        for pattern in (_AGES, _WORDS):
            text = pattern.sub(lambda _found: self._mark(PROTECTED), text)
        return re.sub(r"(\[name\])(?:[\s-]+\[name\])+", r"\1", text)

    def _labelled(self, mark: str, found: re.Match[str]) -> str:
        return str(found["label"]) + self._mark(mark)

    def _mark(self, mark: str) -> str:
        self.covered[mark] += 1
        return mark


def names_in(top: str) -> Sequence[str]:
    """Return the names at the top of a résumé: what is labelled as one, and the first line that looks like one."""
    found = [match["value"] for match in _LABELLED[NAME].finditer(top)]
    for line in top.splitlines():
        bare = _NOT_NAMES.sub("", line).strip(" #*_-–:|,\t")
        if bare and not _NOT_NAMES.fullmatch(bare) and _A_NAME.fullmatch(bare):
            return [*found, bare]
    return found


def words_of(file_name: str) -> str:
    """Return the words of a file's name as a line that may be a name: `cv_anna-schmidt.pdf` is `Anna Schmidt`."""
    return " ".join(word.capitalize() for word in re.split(r"[\W_\d]+", Path(file_name).stem) if word)
