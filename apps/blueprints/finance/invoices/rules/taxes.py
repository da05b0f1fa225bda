"""VAT by category: breakdowns, rates, who has to have an id, taxable amounts and tax (BR-CO-17; BR-S, -Z, -E, -AE, -IC, -G, -O, -AF, -AG)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from apps.blueprints.figures import CENT, shown
from apps.blueprints.finance.invoices.model import Invoice, Tax, Value
from apps.blueprints.finance.invoices.rules.amounts import number_of
from apps.blueprints.finance.invoices.rules.finding import ZERO, Computed, Notes

TOLERATED = Decimal("0.99")
"""Up to this EN 16931 leaves a difference of VAT and of its base alone: lines may have been rounded one by one."""
ROUNDED = 2 * CENT


@dataclass(frozen=True)
class Category:
    """A category of VAT: the beginning of its rules, whether it has tax, one row a rate, a reason, and whose ids it asks for."""

    rule: str
    has_tax: bool = False
    has_reason: bool = True
    needs_seller: bool = True
    takes_tax_number: bool = True
    needs_buyer: str = ""


CATEGORIES = {
    "S": Category("BR-S", has_tax=True, has_reason=False),
    "Z": Category("BR-Z", has_reason=False),
    "E": Category("BR-E"),
    "AE": Category("BR-AE", needs_buyer="vat_or_legal"),
    "K": Category("BR-IC", takes_tax_number=False, needs_buyer="vat"),
    "G": Category("BR-G", takes_tax_number=False),
    "O": Category("BR-O", needs_seller=False),
    "L": Category("BR-AF", has_tax=True, has_reason=False),
    "M": Category("BR-AG", has_tax=True, has_reason=False),
}


@dataclass(frozen=True)
class Part:
    """A line, or an allowance or charge on the whole invoice, as VAT sees it; `kind` is the last part of its rules, less one for rates."""

    kind: int
    amount: Decimal
    category: str
    rate: Value | None
    place: str


def check(invoice: Invoice, notes: Notes) -> None:
    """Check each row of the breakdown, and what should stand in it."""
    if invoice.syntax == "paper":
        for tax in invoice.taxes:
            _check_tax(tax, notes)
        return
    parts = list(_parts(invoice))
    used = list(dict.fromkeys([part.category for part in parts] + [_category(tax) for tax in invoice.taxes]))
    for key in used:
        if key in CATEGORIES:
            _check_category(invoice, key, parts, notes)
    if any(_category(tax) == "O" for tax in invoice.taxes):
        _check_alone(parts, invoice.taxes, notes)


def _check_alone(parts: Sequence[Part], taxes: Sequence[Tax], notes: Notes) -> None:
    """Find what is subject to VAT on an invoice that is not."""
    others = {f"BR-O-{part.kind + 10}": part.place for part in parts if part.category not in ("", "O")}
    rows = [tax.place for tax in taxes if _category(tax) not in ("", "O")]
    if rows and not others:
        others = {"BR-O-11": rows[0]}
    for rule, place in others.items():
        words = _("What is not subject to VAT (category O) cannot stand beside other categories.")
        notes.add(rule, "error", words, place)


def _check_category(invoice: Invoice, key: str, parts: Sequence[Part], notes: Notes) -> None:
    category = CATEGORIES[key]
    own = [part for part in parts if part.category == key]
    rows = [tax for tax in invoice.taxes if _category(tax) == key]
    if own and invoice.is_whole and (not rows or (len(rows) > 1 and not category.has_tax)):
        words = _("The VAT breakdown has %(n)d rows of category %(category)s, which is used; it has to have one.")
        place = rows[1].place if len(rows) > 1 else own[0].place
        notes.add(f"{category.rule}-01", "error", words % {"n": len(rows), "category": key}, place)
    for part in own:
        _check_ids(invoice, key, f"{category.rule}-{part.kind:02}", part, notes)
        _check_rate(key, f"{category.rule}-{part.kind + 3:02}", part.rate, part.place, notes)
    for tax in rows:
        _check_tax(tax, notes)
        _check_reason(key, tax, notes)
        if invoice.is_whole:
            _check_base(key, tax, own, notes)
    if key == "K" and rows:
        _check_delivery(invoice, rows[0], notes)


def _parts(invoice: Invoice) -> Iterator[Part]:
    for line in invoice.lines:
        yield Part(2, number_of(line.net), line.category.text if line.category else "", line.rate, line.place)
    for each in invoice.reductions:
        kind, amount = (4, number_of(each.amount)) if each.is_charge else (3, -number_of(each.amount))
        yield Part(kind, amount, each.category.text if each.category else "", each.rate, each.place)


def _category(tax: Tax) -> str:
    return tax.category.text if tax.category else ""


def _check_ids(invoice: Invoice, key: str, rule: str, part: Part, notes: Notes) -> None:
    category, seller, buyer = CATEGORIES[key], invoice.seller, invoice.buyer
    representative = invoice.representative.vat_id if invoice.representative else None
    if key == "O":
        if seller.vat_id or representative or buyer.vat_id:
            words = _("Category O is used, and a VAT id is given: what is not subject to VAT has none.")
            notes.add(rule, "error", words, part.place)
        return
    has_seller = seller.vat_id or representative or (category.takes_tax_number and seller.tax_number)
    if category.needs_seller and not has_seller:
        words = _("Category %(category)s is used, and the seller has no VAT id.") % {"category": key}
        notes.add(rule, "error", words, part.place)
    has_buyer = buyer.vat_id or (category.needs_buyer == "vat_or_legal" and buyer.legal_id)
    if category.needs_buyer and not has_buyer:
        words = _("Category %(category)s is used, and the buyer has no VAT id.") % {"category": key}
        notes.add(rule, "error", words, part.place)


def _check_rate(key: str, rule: str, rate: Value | None, place: str, notes: Notes) -> None:
    number = rate.number if rate is not None else None
    if key == "O":
        is_wrong, words = rate is not None, _("Category O has no VAT rate.")
    elif key == "S":
        is_wrong, words = number is None or number <= 0, _("Category S has a VAT rate above 0.")
    elif key in ("L", "M"):
        is_wrong, words = number is None or number < 0, _("Category %(category)s has a VAT rate.") % {"category": key}
    else:
        is_wrong, words = number != 0, _("Category %(category)s has the VAT rate 0.") % {"category": key}
    if is_wrong:
        notes.add(rule, "error", words, rate.place if rate is not None else place)


def _check_reason(key: str, tax: Tax, notes: Notes) -> None:
    category, has_reason = CATEGORIES[key], tax.reason is not None or tax.reason_code is not None
    if category.has_reason and not has_reason:
        words = _("Category %(category)s has to say why there is no VAT (BT-120 or BT-121).") % {"category": key}
        notes.add(f"{category.rule}-10", "error", words, tax.place)
    if not category.has_reason and has_reason:
        words = _("Category %(category)s has no reason for an exemption.") % {"category": key}
        notes.add(f"{category.rule}-10", "error", words, tax.place)


def _check_base(key: str, tax: Tax, parts: Sequence[Part], notes: Notes) -> None:
    """Compute the taxable amount again: of its rate where the category has tax, else of the category."""
    category = CATEGORIES[key]
    if tax.base is None or (category.has_tax and tax.rate is None):
        return
    own = [part for part in parts if not category.has_tax or _rate(part.rate) == _rate(tax.rate)]
    computed = sum((part.amount for part in own), ZERO)
    how = " ".join(_signed(part.amount, is_first=place == 0) for place, part in enumerate(own)) or shown(ZERO)
    term = _("taxable amount of %(what)s (BT-116)") % {"what": _named(tax)}
    notes.compare(f"{category.rule}-08", tax.base, Computed(term, computed, how), equal=ROUNDED, minor=TOLERATED)


def _check_tax(tax: Tax, notes: Notes) -> None:
    """Compute the tax again."""
    if tax.amount is None or tax.amount.number is None or tax.base is None:
        return
    key = _category(tax)
    category = CATEGORIES.get(key)
    if category is not None and not category.has_tax:
        if tax.amount.number != 0:
            words = _("Category %(category)s has no VAT, and %(amount)s stands here.")
            values = {"category": key, "amount": shown(tax.amount.number)}
            notes.add(f"{category.rule}-09", "error", words % values, tax.amount.place)
        return
    if tax.rate is None:
        return
    rate = _rate(tax.rate)
    computed = number_of(tax.base) * rate / 100
    how = f"{shown(number_of(tax.base))} × {_percent(rate)}"
    term = _("VAT of %(what)s (BT-117)") % {"what": _named(tax)}
    notes.compare("BR-CO-17", tax.amount, Computed(term, computed, how), equal=ROUNDED, minor=TOLERATED)


def _check_delivery(invoice: Invoice, row: Tax, notes: Notes) -> None:
    if invoice.delivered is None and not any(invoice.period):
        words = _("A delivery within the Community names its day (BT-72) or its period (BG-14).")
        notes.add("BR-IC-11", "error", words, row.place)
    if invoice.delivery_country is None:
        words = _("A delivery within the Community names the country that it goes to (BT-80).")
        notes.add("BR-IC-12", "error", words, row.place)


def _named(tax: Tax) -> str:
    return f"{_category(tax)} {_percent(_rate(tax.rate))}".strip()


def _rate(rate: Value | None) -> Decimal:
    return number_of(rate).normalize() + ZERO


def _percent(rate: Decimal) -> str:
    return f"{rate.normalize():f} %"


def _signed(amount: Decimal, *, is_first: bool) -> str:
    if is_first:
        return shown(amount) if amount >= 0 else f"− {shown(-amount)}"
    return f"+ {shown(amount)}" if amount >= 0 else f"− {shown(-amount)}"
