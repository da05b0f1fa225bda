"""What points at a person in a text: found by shape and check digit, covered by marks that can be taken off again.

Kinds: e-mail addresses, phone numbers, payment cards (Luhn), bank accounts (IBAN), tax and national ids, addresses of machines.
Check digits come from python-stdnum, phone numbers from phonenumbers (national ones by the regions given).
"""

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import phonenumbers
from stdnum import iban, luhn
from stdnum.ch import ssn as ch_ssn
from stdnum.de import idnr as de_idnr
from stdnum.es import dni as es_dni
from stdnum.es import nie as es_nie
from stdnum.eu import vat as eu_vat
from stdnum.fr import nir as fr_nir
from stdnum.it import codicefiscale as it_cf
from stdnum.pl import pesel as pl_pesel
from stdnum.us import ssn as us_ssn

EMAIL, PHONE, CARD, ACCOUNT, IDENTITY, MACHINE = KINDS = ("email", "phone", "card", "account", "identity", "machine")
REGIONS = {"de": ("DE", "AT", "CH"), "en": ("GB", "US")}
"""Whose national phone numbers are known, by the language of who writes."""
LONGEST_MARK = 24

_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}\b")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b")
_CARD = re.compile(r"(?<![\d-])(?:\d[ -]?){12,18}\d(?![\d-])")
_MACHINES = (
    re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])"),
    re.compile(r"(?<![\w:])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])"),
    re.compile(r"\b(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}\b"),
)
_MAC = re.compile(r"(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}")
_IDENTITIES: tuple[tuple[re.Pattern[str], Callable[[str], bool]], ...] = (
    (re.compile(r"\b\d{3}-\d{2}-\d{4}\b"), us_ssn.is_valid),
    (re.compile(r"\b756\.?\d{4}\.?\d{4}\.?\d{2}\b"), ch_ssn.is_valid),
    (re.compile(r"\b[12] ?\d{2} ?\d{2} ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}\b"), fr_nir.is_valid),
    (re.compile(r"\b[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]\b"), it_cf.is_valid),
    (re.compile(r"\b\d{8}[- ]?[A-Z]\b"), es_dni.is_valid),
    (re.compile(r"\b[XYZ][- ]?\d{7}[- ]?[A-Z]\b"), es_nie.is_valid),
    (re.compile(r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?(?:\d{2} ?){3}[A-D]\b"), lambda text: True),
    (re.compile(r"\b[A-Z]{2}[A-Z0-9]{8,12}\b"), lambda text: any(c.isdigit() for c in text) and eu_vat.is_valid(text)),
    (re.compile(r"\b\d{2} ?\d{3} ?\d{3} ?\d{3}\b"), de_idnr.is_valid),
    (re.compile(r"\b\d{11}\b"), pl_pesel.is_valid),
)
_DIGITS = re.compile(r"\d(?:[\s./()+-]*\d){5}")


@dataclass(frozen=True)
class Found:
    """A place in a text that points at a person."""

    kind: str
    start: int
    end: int


def find(text: str, regions: Sequence[str] = ()) -> list[Found]:
    """Return the places of a text that point at somebody, in order, none inside another."""
    taken: list[Found] = []
    for place in _candidates(text, regions):
        if all(place.end <= other.start or place.start >= other.end for other in taken):
            taken.append(place)
    return sorted(taken, key=lambda place: place.start)


def hidden(text: str) -> str:
    """Return a text with what points at somebody named by its kind alone, for logs: [email].

    Addresses inside networks of one's own are nobody's and stay, since whoever runs the product needs them.
    """
    for place in reversed(find(text)):
        if place.kind == MACHINE and _is_inside(text[place.start : place.end]):
            continue
        text = f"{text[: place.start]}[{place.kind}]{text[place.end :]}"
    return text


class Veil:
    """Covers texts with marks like [EMAIL_1], the same detail by the same mark, and takes them off again.

    Marks follow the order in which details come, so texts covered in the same order get the same ones.
    """

    def __init__(self, regions: Sequence[str] = ()) -> None:
        self._regions = regions
        self._marks: dict[str, str] = {}
        self._details: dict[str, str] = {}
        self.counts: dict[str, int] = {}

    def cover(self, text: str) -> str:
        """Return a text with marks in place of what points at somebody."""
        pieces, at = [], 0
        for place in find(text, self._regions):
            pieces += [text[at : place.start], self._mark(place.kind, text[place.start : place.end])]
            at = place.end
        return "".join([*pieces, text[at:]])

    def cover_json(self, text: str) -> str:
        """Cover the strings of a JSON text; one that is none as plain text."""
        try:
            return orjson.dumps(_walked(orjson.loads(text), self.cover)).decode()
        except orjson.JSONDecodeError:
            return self.cover(text)

    def reveal(self, text: str) -> str:
        """Return a text with the details in place of their marks."""
        return _MARK.sub(lambda match: self._details.get(match[0], match[0]), text)

    def reveal_json(self, text: str) -> str:
        """Reveal the strings of a JSON text; one that is none as plain text."""
        try:
            return orjson.dumps(_walked(orjson.loads(text), self.reveal)).decode()
        except orjson.JSONDecodeError:
            return self.reveal(text)

    def _mark(self, kind: str, detail: str) -> str:
        if detail not in self._marks:
            self.counts[kind] = self.counts.get(kind, 0) + 1
            mark = f"[{kind.upper()}_{self.counts[kind]}]"
            self._marks[detail], self._details[mark] = mark, detail
        return self._marks[detail]


_MARK = re.compile(rf"\[(?:{'|'.join(kind.upper() for kind in KINDS)})_\d{{1,6}}\]")


def whole_part(text: str) -> int:
    """Return up to where a text that goes on holds no mark that has only begun."""
    at = text.rfind("[", max(0, len(text) - LONGEST_MARK))
    return len(text) if at < 0 or "]" in text[at:] else at


def _walked(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_walked(each, change) for each in value]
    if isinstance(value, dict):
        return {key: _walked(each, change) for key, each in value.items()}
    return value


def _candidates(text: str, regions: Sequence[str]) -> Iterator[Found]:
    """Return every place that could be one, the surest kinds first."""
    if "@" in text:
        yield from (Found(EMAIL, m.start(), m.end()) for m in _EMAIL.finditer(text))
    if _DIGITS.search(text):
        yield from _accounts(text)
        yield from (Found(CARD, m.start(), m.end()) for m in _CARD.finditer(text) if _is_card(m[0]))
    if any(char.isdigit() for char in text):
        for pattern, is_valid in _IDENTITIES:
            yield from (Found(IDENTITY, m.start(), m.end()) for m in pattern.finditer(text) if is_valid(m[0]))
    for pattern in _MACHINES:
        yield from (Found(MACHINE, m.start(), m.end()) for m in pattern.finditer(text) if _is_machine(m[0]))
    if _DIGITS.search(text):
        yield from _phones(text, regions)


def _accounts(text: str) -> Iterator[Found]:
    """Find account numbers; words in capitals that follow one are left off group by group."""
    for match in _IBAN.finditer(text):
        candidate = match[0]
        while len(candidate) >= 15:
            if iban.is_valid(candidate):
                yield Found(ACCOUNT, match.start(), match.start() + len(candidate))
                break
            candidate = candidate.rpartition(" ")[0]


def _is_card(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    return 13 <= len(digits) <= 19 and digits[0] in "23456" and luhn.is_valid(digits)


def _is_inside(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).is_private
    except ValueError:
        return False


def _is_machine(text: str) -> bool:
    if _MAC.fullmatch(text):
        return True
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return len(text) > 3  # "::" by itself is punctuation


def _phones(text: str, regions: Iterable[str]) -> Iterator[Found]:
    strict = phonenumbers.Leniency.STRICT_GROUPING
    for region, leniency in ((None, phonenumbers.Leniency.VALID), *((region, strict) for region in regions)):
        for match in phonenumbers.PhoneNumberMatcher(text, region, leniency=leniency):
            is_open = match.raw_string.count("(") > match.raw_string.count(")")  # the sentence's parenthesis
            yield Found(PHONE, match.start + is_open, match.end)
