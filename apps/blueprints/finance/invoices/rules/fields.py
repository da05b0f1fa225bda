"""What an invoice has to say (BR-01 to BR-65, BR-CO-03, -04, -09, -18, -25, -26)."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.blueprints.finance.invoices.model import Invoice, Line, Party, Reduction, Tax, Value
from apps.blueprints.finance.invoices.rules.finding import Notes

Wanted = tuple[str, Any, Callable[[Any], Value | None]]
CREDIT_TRANSFERS = ("30", "58")
_OF_ALL: Sequence[Wanted] = (
    ("BR-01", gettext_lazy("specification (BT-24)"), lambda i: i.profile),
    ("BR-02", gettext_lazy("number of the invoice (BT-1)"), lambda i: i.number),
    ("BR-03", gettext_lazy("date of the invoice (BT-2)"), lambda i: i.issued),
    ("BR-04", gettext_lazy("type of the invoice (BT-3)"), lambda i: i.kind),
    ("BR-05", gettext_lazy("currency (BT-5)"), lambda i: i.currency),
    ("BR-06", gettext_lazy("name of the seller (BT-27)"), lambda i: i.seller.name),
    ("BR-07", gettext_lazy("name of the buyer (BT-44)"), lambda i: i.buyer.name),
    ("BR-13", gettext_lazy("total without VAT (BT-109)"), lambda i: i.totals.without_tax),
    ("BR-14", gettext_lazy("total with VAT (BT-112)"), lambda i: i.totals.with_tax),
    ("BR-15", gettext_lazy("amount to be paid (BT-115)"), lambda i: i.totals.payable),
)
_OF_WHOLE: Sequence[Wanted] = (
    ("BR-08", gettext_lazy("address of the seller (BG-5)"), lambda i: i.seller.address),
    ("BR-09", gettext_lazy("country of the seller (BT-40)"), lambda i: i.seller.country or _unless(i.seller.address)),
    ("BR-10", gettext_lazy("address of the buyer (BG-8)"), lambda i: i.buyer.address),
    ("BR-11", gettext_lazy("country of the buyer (BT-55)"), lambda i: i.buyer.country or _unless(i.buyer.address)),
    ("BR-12", gettext_lazy("sum of the lines (BT-106)"), lambda i: i.totals.lines),
)
_OF_PAPER: Sequence[Wanted] = tuple(wanted for wanted in _OF_ALL if wanted[0] in ("BR-02", "BR-03", "BR-06", "BR-14"))
_OF_LINE: Sequence[Wanted] = (
    ("BR-21", gettext_lazy("id of the line (BT-126)"), lambda line: line.id),
    ("BR-22", gettext_lazy("quantity (BT-129)"), lambda line: line.quantity),
    ("BR-23", gettext_lazy("unit of the quantity (BT-130)"), lambda line: _unit(line.quantity)),
    ("BR-24", gettext_lazy("amount of the line (BT-131)"), lambda line: line.net),
    ("BR-25", gettext_lazy("name of the item (BT-153)"), lambda line: line.name),
    ("BR-26", gettext_lazy("price of the item (BT-146)"), lambda line: line.price),
    ("BR-CO-04", gettext_lazy("VAT category of the line (BT-151)"), lambda line: line.category),
)
_OF_TAX: Sequence[Wanted] = (
    ("BR-45", gettext_lazy("taxable amount (BT-116)"), lambda tax: tax.base),
    ("BR-46", gettext_lazy("VAT of the category (BT-117)"), lambda tax: tax.amount),
    ("BR-47", gettext_lazy("VAT category (BT-118)"), lambda tax: tax.category),
)
_NOT_MISSING = Value(text="-", place="")


def _unless(container: Value | None) -> Value | None:
    """Stand in for what is only asked for within something that is missing itself."""
    return None if container is not None else _NOT_MISSING


def _unit(quantity: Value | None) -> Value | None:
    return quantity if quantity is None or quantity.unit else None


def check(invoice: Invoice, notes: Notes) -> None:
    """Note what is missing, and what must not stand together."""
    if invoice.syntax == "paper":
        _look_for(invoice, notes)
        return
    _miss((*_OF_ALL, *(_OF_WHOLE if invoice.is_whole else ())), invoice, invoice.place, notes)
    if invoice.is_whole:
        _check_lines(invoice, notes)
    for tax in invoice.taxes:
        _check_tax(tax, notes)
    for reduction in invoice.reductions:
        _check_reduction(reduction, notes, is_of_line=False)
    _check_parties(invoice, notes)
    _check_payment(invoice, notes)


def _look_for(invoice: Invoice, notes: Notes) -> None:
    """Warn of what was not found on the pages: whether it stands there in words of another kind, people see."""
    for rule, term, found in _OF_PAPER:
        if found(invoice) is None:
            notes.add(rule, "warning", _("The %(term)s was not found on the pages.") % {"term": term}, invoice.place)
    if invoice.unread:
        words = _("The XML in the file is no invoice in UBL or UN/CEFACT CII, but a “%(name)s”: its pages were read.")
        notes.add("GH-XML", "note", words % {"name": invoice.unread}, invoice.place)


def _miss(wanted: Sequence[Wanted], of: Any, place: str, notes: Notes) -> None:
    for rule, term, found in wanted:
        if found(of) is None:
            notes.add(rule, "error", _("The %(term)s is missing.") % {"term": term}, place)


def _check_lines(invoice: Invoice, notes: Notes) -> None:
    if not invoice.lines:
        notes.add("BR-16", "error", _("The invoice has no line."), invoice.place)
    seen: set[str] = set()
    for line in invoice.lines:
        _miss(_OF_LINE, line, line.place, notes)
        _check_line(line, seen, notes)
    if not invoice.taxes:
        notes.add("BR-CO-18", "error", _("The invoice has no VAT breakdown (BG-23)."), invoice.place)


def _check_line(line: Line, seen: set[str], notes: Notes) -> None:
    for rule, term, price in (
        ("BR-27", _("price of the item (BT-146)"), line.price),
        ("BR-28", _("gross price of the item (BT-148)"), line.gross_price),
    ):
        if price is not None and (price.number or 0) < 0:
            words = _("The %(term)s is negative: %(value)s.") % {"term": term, "value": price.text}
            notes.add(rule, "error", words, price.place)
    if line.id is not None:
        if line.id.text in seen:
            words = _("Two lines have the id “%(id)s”.") % {"id": line.id.text}
            notes.add("GH-LINE-ID", "warning", words, line.id.place)
        seen.add(line.id.text)
    for reduction in line.reductions:
        _check_reduction(reduction, notes, is_of_line=True)


def _check_tax(tax: Tax, notes: Notes) -> None:
    _miss(_OF_TAX, tax, tax.place, notes)
    if tax.rate is None and (tax.category is None or tax.category.text != "O"):
        notes.add("BR-48", "error", _("The %(term)s is missing.") % {"term": _("VAT rate (BT-119)")}, tax.place)


def _check_reduction(reduction: Reduction, notes: Notes, *, is_of_line: bool) -> None:
    amount_rule, category_rule, reason_rule = {
        (False, False): ("BR-31", "BR-32", "BR-33"),
        (False, True): ("BR-36", "BR-37", "BR-38"),
        (True, False): ("BR-41", "", "BR-42"),
        (True, True): ("BR-43", "", "BR-44"),
    }[is_of_line, reduction.is_charge]
    what = _("charge") if reduction.is_charge else _("allowance")
    if reduction.amount is None:
        notes.add(amount_rule, "error", _("The %(what)s has no amount.") % {"what": what}, reduction.place)
    if category_rule and reduction.category is None:
        notes.add(category_rule, "error", _("The %(what)s has no VAT category.") % {"what": what}, reduction.place)
    if reduction.reason is None and reduction.reason_code is None:
        notes.add(reason_rule, "error", _("The %(what)s has no reason.") % {"what": what}, reduction.place)


def _check_parties(invoice: Invoice, notes: Notes) -> None:
    seller = invoice.seller
    if not (seller.identifiers or seller.legal_id or seller.vat_id) and invoice.is_whole:
        words = _(
            "The seller has no id: neither one of its own (BT-29), nor of a register (BT-30), nor for VAT (BT-31)."
        )
        notes.add("BR-CO-26", "error", words, seller.place)
    for party in _with_vat_id(invoice):
        if party.vat_id is not None and not _has_country(party.vat_id.text):
            words = _("The VAT id “%(id)s” does not begin with the code of a country.") % {"id": party.vat_id.text}
            notes.add("BR-CO-09", "error", words, party.vat_id.place)
    if invoice.payee is not None and invoice.payee.name is None:
        notes.add(
            "BR-17",
            "error",
            _("The %(term)s is missing.") % {"term": _("name of the payee (BT-59)")},
            invoice.payee.place,
        )
    if invoice.representative is not None:
        _miss(_OF_REPRESENTATIVE, invoice.representative, invoice.representative.place, notes)
    if invoice.tax_point is not None and invoice.tax_point_code is not None:
        words = _("The day on which VAT is due (BT-7) and its code (BT-8) exclude each other.")
        notes.add("BR-CO-03", "error", words, invoice.tax_point.place)
    if invoice.tax_currency is not None and invoice.tax_in_tax_currency is None and _is_another(invoice):
        words = _("The %(term)s is missing.") % {"term": _("VAT in the accounting currency (BT-111)")}
        notes.add("BR-53", "error", words, invoice.totals.place)


_OF_REPRESENTATIVE: Sequence[Wanted] = (
    ("BR-18", gettext_lazy("name of the tax representative (BT-62)"), lambda party: party.name),
    ("BR-19", gettext_lazy("address of the tax representative (BG-12)"), lambda party: party.address),
    (
        "BR-20",
        gettext_lazy("country of the tax representative (BT-69)"),
        lambda party: party.country or _unless(party.address),
    ),
    ("BR-56", gettext_lazy("VAT id of the tax representative (BT-63)"), lambda party: party.vat_id),
)


def _with_vat_id(invoice: Invoice) -> Iterator[Party]:
    yield from (party for party in (invoice.seller, invoice.buyer, invoice.representative) if party is not None)


def _has_country(vat_id: str) -> bool:
    return vat_id[:2].isalpha() and vat_id[:2].isupper() and vat_id[:2].isascii()


def _is_another(invoice: Invoice) -> bool:
    return (
        invoice.currency is None or invoice.tax_currency is None or invoice.tax_currency.text != invoice.currency.text
    )


def _check_payment(invoice: Invoice, notes: Notes) -> None:
    for payment in invoice.payments:
        if payment.means is None:
            words = _("The %(term)s is missing.") % {"term": _("means of payment (BT-81)")}
            notes.add("BR-49", "error", words, payment.place)
        elif payment.means.text in CREDIT_TRANSFERS and payment.account is None:
            words = _("It is to be paid by credit transfer, and no account is named (BT-84).")
            notes.add("BR-61", "error", words, payment.place)
    payable = invoice.totals.payable
    is_owed = payable is not None and (payable.number or 0) > 0
    if is_owed and invoice.due is None and invoice.terms is None and invoice.is_whole:
        words = _("There is an amount to be paid, and neither a day for it (BT-9) nor terms (BT-20).")
        notes.add("BR-CO-25", "warning", words, payable.place if payable else invoice.place)
