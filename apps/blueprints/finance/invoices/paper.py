"""Invoices that are only paper: what a page states by its wording, in English, German and French. Nothing is taken that does not stand there."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pydantic import Field
from stdnum import iban

from apps.agents.blueprints import Typed
from apps.blueprints.cells import number_in, writes_commas
from apps.blueprints.days import day_in
from apps.blueprints.finance.invoices.model import Invoice, Party, Payment, Tax, Totals, Value
from apps.knowledge.types import Block

_MONEY = r"(?P<value>[+−-]?(?:\d{1,3}(?:[.,'’ \u00a0]\d{3})+|\d+)(?:[.,]\d{2})(?!\d|[.,]\d|\s*%))"
_ALONE = r"(?!\s+\d+[.,]\d{2})"  # of several amounts in a row nobody knows which one a label means
_CURRENCY = r"(?:EUR|USD|GBP|CHF|€|\$|£)?"
_SIGNS = {"€": "EUR", "$": "USD", "£": "GBP"}
_DAY = r"(?P<value>\d{4}-\d{2}-\d{2}|\d{1,2}[./-]\d{1,2}[./-]\d{4}|\d{1,2}\.? ?(?:[A-Za-zäéû]{3,9})\.? \d{4}|[A-Za-z]{3,9}\.? \d{1,2} ?,? \d{4})"
_GAP = r"[\s:.]{0,4}"
_IBAN = r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b"
_LABELS: dict[str, str] = {
    "number": r"(?:(?:invoice|rechnungs?|facture)[\s-]*(?:no|number|nr|nummer|id|#|n[°º])\.?[\s:.#]{0,5}"
    r"|\b(?:invoice|rechnung|facture)\s+(?=[A-Z]{1,6}[/-]?\d{2}))(?P<value>[A-Z0-9][\w/.-]*\d[\w/-]*)",
    "issued": r"(?:invoice date|date of (?:issue|invoice)|issue date|issued(?: on)?|rechnungsdatum|facture n[°º] ?\S+ du|(?<!due )(?<!delivery )(?<!order )\bdate|\bdatum)" + _GAP + _DAY,
    "due": r"(?:due(?: date| on| by)?|payable (?:by|until)|payment due|fällig(?:keit)?(?: am)?|zahlbar bis(?: zum)?|échéance(?: le)?|date limite de paiement(?: le)?)" + _GAP + _DAY,
    "order": r"(?:purchase order|order (?:no|number|ref\w*)|your order|p\.?o\.?(?: no| number)?|bestell(?:ung|nummer|-?nr)\.?)"
    + _GAP + r"(?P<value>[A-Z0-9][\w/-]*\d[\w/-]*)",
    "vat_id": r"(?:VAT|USt|UID|TVA|BTW)[\w. -]{0,20}?" + _GAP + r"(?P<value>[A-Z]{2} ?[A-Z0-9]{2}[A-Z0-9 ]{4,11}[A-Z0-9])(?![a-z])",
    "iban": rf"IBAN{_GAP}(?P<value>{_IBAN})",
    "without_tax": r"(?:net (?:total|amount)|total net|sub-?total|total (?:excl\w*\.?|without|before) (?:vat|tax)|netto(?:betrag|summe)?|zwischensumme|summe netto|(?:total|montant) (?:ht\b|hors tax\w*))"
    r"[^\d\n]{0,20}?" + _CURRENCY + r"\s*" + _MONEY + _ALONE,
    "rate": r"(?:VAT|MwSt|USt|Umsatzsteuer|Mehrwertsteuer|TVA|tax)\.?[^\d\n%]{0,12}(?P<value>\d{1,2}(?:[.,]\d{1,2})?)\s*%",
    "tax": r"(?:VAT|MwSt|USt|Umsatzsteuer|Mehrwertsteuer|TVA|(?<!excl )\btax)\.?[^\d\n%]{0,12}(?:\(?\d{1,2}(?:[.,]\d{1,2})?\s*%\)?)?[^\d\n]{0,12}?"
    + _CURRENCY + r"\s*" + _MONEY + _ALONE,
    "with_tax": r"(?:grand total|total (?:incl\w*\.?|with) (?:vat|tax)|total gross|gross (?:total|amount)|brutto(?:betrag|summe)?|gesamtbetrag|rechnungsbetrag"
    r"|invoice total|montant ttc|(?<!net )(?<!sub )(?<!sub-)\btotal(?! net| excl| before| without| ht\b| hors)|\bsumme(?! netto))[^\d\n]{0,20}?" + _CURRENCY + r"\s*" + _MONEY + _ALONE,
    "payable": r"(?:amount (?:due|payable)|total due|balance due|to pay|zahlbetrag|zu zahlen(?:der betrag)?|(?:net|somme) à payer)[^\d\n]{0,20}?" + _CURRENCY + r"\s*" + _MONEY + _ALONE,
}  # fmt: skip
_PATTERNS = {
    name: re.compile(pattern, re.IGNORECASE if name not in ("iban", "vat_id") else 0)
    for name, pattern in _LABELS.items()
}
_ANY_CURRENCY = re.compile(r"\b(?:EUR|USD|GBP|CHF)\b|[€$£]")


class Read(Typed):
    """What a model reads on an invoice, as it stands there; "" for what does not."""

    seller: str = Field(description="Name of the company that sends the invoice")
    buyer: str = Field(description="Name of the company that is to pay")
    number: str
    issued: str = Field(description="Date of the invoice, as it stands there")
    due: str
    order: str = Field(description="Number of the purchase order")
    vat_id: str = Field(description="VAT id of the seller")
    iban: str
    without_tax: str = Field(description="Total without VAT, digits as they stand there")
    rate: str = Field(description="VAT rate in per cent, the number alone")
    tax: str = Field(description="VAT")
    with_tax: str = Field(description="Total with VAT")
    payable: str = Field(description="Amount that is still to be paid")


@dataclass(frozen=True)
class Page:
    """The text of a page; `number` counts from 1, null in files without pages."""

    number: int | None
    text: str

    @property
    def place(self) -> str:
        return f"p. {self.number}" if self.number else "–"


def pages_of(blocks: Sequence[Block]) -> list[Page]:
    """Put the blocks of a file together page by page, a line a block, each under its headings where those change."""
    texts: dict[int | None, list[str]] = {}
    last: tuple[str, ...] = ()
    for block in blocks:
        headings, last = [each for each in block.headings if each not in last], block.headings
        texts.setdefault(block.page, []).extend([*headings, block.text])
    return [Page(number, "\n".join(parts)) for number, parts in texts.items()]


def read(pages: Sequence[Page], said: Read | None) -> Invoice:
    """Return what the pages state: by wording, and for what that does not find, by what a model read, where it stands on a page."""
    found = {name: _by_wording(pages, name) or _as_read(pages, said, name) for name in _PATTERNS}
    found["iban"] = found["iban"] or _account(pages)
    money = {name: _converted(found[name], _amount) for name in ("without_tax", "tax", "with_tax", "payable")}
    if money["tax"] and money["with_tax"] and money["tax"].text == money["with_tax"].text:
        money["tax"] = None  # the label of a total that says that VAT is in it
    rate, place = _converted(found["rate"], _amount), pages[0].place if pages else ""
    vat_id = _converted(found["vat_id"], lambda text: text.replace(" ", ""))
    seller, buyer = _as_read(pages, said, "seller"), _as_read(pages, said, "buyer")
    return Invoice(
        syntax="paper",
        place=place,
        number=found["number"],
        issued=_converted(found["issued"], _day),
        due=_converted(found["due"], _day),
        order=found["order"],
        currency=_currency(pages),
        seller=Party(place=place, name=seller or vat_id, vat_id=vat_id),
        buyer=Party(place=place, name=buyer),
        payments=[Payment(place=found["iban"].place, account=found["iban"])] if found["iban"] else [],
        taxes=[Tax(place=place, base=money["without_tax"], amount=money["tax"], rate=rate)]
        if rate and money["tax"]
        else [],
        totals=Totals(place=place, **money),
    )


def _by_wording(pages: Sequence[Page], name: str) -> Value | None:
    """Return what stands behind a label; of totals the last one, which is the whole."""
    found = [
        Value(text=" ".join(match["value"].split()), place=page.place)
        for page in pages
        for match in _PATTERNS[name].finditer(page.text)
    ]
    if not found:
        return None
    return found[-1] if name in ("without_tax", "tax", "with_tax", "payable") else found[0]


def _account(pages: Sequence[Page]) -> Value | None:
    """Return the first IBAN that stands without its name and has the right check digits: other numbers look like one, too."""
    found = ((match[0], page.place) for page in pages for match in re.finditer(_IBAN, page.text))
    return next((Value(text=text, place=place) for text, place in found if iban.is_valid(text)), None)


def _as_read(pages: Sequence[Page], said: Read | None, name: str) -> Value | None:
    """Return what a model read, if it stands on a page."""
    text = " ".join(str(getattr(said, name, "")).split())
    if not text:
        return None
    places = [page.place for page in pages if text.lower() in " ".join(page.text.split()).lower()]
    return Value(text=text, place=places[0]) if places else None


def _converted(value: Value | None, convert: Callable[[str], str]) -> Value | None:
    return Value(text=convert(value.text), place=value.place) if value is not None else None


def _amount(text: str) -> str:
    """Return an amount with a point before its decimals, whichever way it is written; as it stands there when it is none."""
    number = number_in(text, has_comma=writes_commas([text]))
    return f"{number:f}" if number is not None else text


def _day(text: str) -> str:
    """Return a day as ISO writes it; as it stands there when it is none."""
    day = day_in(text)
    return day.isoformat() if day is not None else text


def _currency(pages: Sequence[Page]) -> Value | None:
    found = [(match[0], page) for page in pages for match in _ANY_CURRENCY.finditer(page.text)]
    return Value(text=_SIGNS.get(found[0][0], found[0][0]), place=found[0][1].place) if found else None


def stands_on(pages: Sequence[Page], amount: Decimal) -> bool:
    """Say whether an amount stands on one of the pages, whichever way it is written."""
    wanted = f"{amount:.2f}"
    return any(_amount(text) == wanted for text in _amounts_on(pages))


def _amounts_on(pages: Sequence[Page]) -> Iterator[str]:
    for page in pages:
        yield from (match["value"] for match in re.finditer(_MONEY, page.text))
