"""The arithmetic: lines, sums, totals (BR-CO-10 to -16), decimals (BR-DEC), and that amounts are amounts. Every sum leaves a receipt."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from apps.blueprints.figures import CENT, counted, shown
from apps.blueprints.finance.invoices.model import Invoice, Line, Reduction, Value
from apps.blueprints.finance.invoices.rules.finding import ZERO, Computed, Notes

LINE_TOLERANCE = Decimal("0.02")
MOST_SHOWN = 12


def check(invoice: Invoice, notes: Notes) -> None:
    """Compute every sum again."""
    for rule, value in _amounts(invoice):
        _check_amount(rule, value, notes)
    for value in _plain_numbers(invoice):
        _require_number(value, notes)
    _check_units(invoice, notes)
    for line in invoice.lines:
        _check_line(line, notes)
    if invoice.is_whole:
        _check_sums(invoice, notes)
    _check_totals(invoice, notes)


def number_of(value: Value | None) -> Decimal:
    """Return an amount; 0 for one that is missing or is none."""
    return (value.number if value is not None else None) or ZERO


def added(parts: Sequence[Value | None], *, sign: str = "+") -> tuple[Decimal, str]:
    """Return a sum, and how it was computed, the middle of a long one left out."""
    numbers = [number_of(part) for part in parts if part is not None]
    texts = [shown(number) for number in numbers]
    if len(texts) > MOST_SHOWN:
        left_out = len(texts) - MOST_SHOWN
        texts[MOST_SHOWN // 2 : -MOST_SHOWN // 2] = [_("… %(n)d more …") % {"n": left_out}]
    return sum(numbers, ZERO), f" {sign} ".join(texts) or shown(ZERO)


def _check_sums(invoice: Invoice, notes: Notes) -> None:
    totals = invoice.totals
    lines, how = added([line.net for line in invoice.lines])
    _compare(notes, "BR-CO-10", totals.lines, Computed(_("sum of the lines (BT-106)"), lines, how))
    for rule, term, stated, is_charge in (
        ("BR-CO-11", _("sum of the allowances (BT-107)"), totals.allowances, False),
        ("BR-CO-12", _("sum of the charges (BT-108)"), totals.charges, True),
    ):
        parts = [each.amount for each in invoice.reductions if each.is_charge == is_charge]
        amount, how = added(parts)
        if stated is None and amount:
            words = _("The %(term)s is missing, though there are some: %(how)s.") % {"term": term, "how": how}
            notes.add(rule, "error", words, totals.place)
        _compare(notes, rule, stated, Computed(term, amount, how))


def _check_totals(invoice: Invoice, notes: Notes) -> None:
    totals = invoice.totals
    if totals.lines is not None and invoice.syntax != "paper":
        net = number_of(totals.lines) - number_of(totals.allowances) + number_of(totals.charges)
        how = _signed(("", totals.lines), ("−", totals.allowances), ("+", totals.charges))
        _compare(notes, "BR-CO-13", totals.without_tax, Computed(_("total without VAT (BT-109)"), net, how))
    if invoice.taxes:
        tax, how = added([row.amount for row in invoice.taxes])
        _compare(notes, "BR-CO-14", totals.tax, Computed(_("total of VAT (BT-110)"), tax, how))
    if totals.without_tax is not None and (totals.tax is not None or invoice.syntax != "paper"):
        gross = number_of(totals.without_tax) + number_of(totals.tax)
        how = _signed(("", totals.without_tax), ("+", totals.tax))
        _compare(notes, "BR-CO-15", totals.with_tax, Computed(_("total with VAT (BT-112)"), gross, how))
    if totals.with_tax is not None and not invoice.is_least:
        payable = number_of(totals.with_tax) - number_of(totals.paid) + number_of(totals.rounding)
        how = _signed(("", totals.with_tax), ("−", totals.paid), ("+", totals.rounding))
        _compare(notes, "BR-CO-16", totals.payable, Computed(_("amount to be paid (BT-115)"), payable, how))


def _compare(notes: Notes, rule: str, stated: Value | None, computed: Computed) -> None:
    if stated is not None:
        notes.compare(rule, stated, computed)


def _signed(*parts: tuple[str, Value | None]) -> str:
    return " ".join(f"{sign} {shown(number_of(value))}".strip() for sign, value in parts if value is not None)


def _check_line(line: Line, notes: Notes) -> None:
    """Compute quantity by price again. A price that was rounded explains a difference; anything beyond that is an error."""
    quantity, price = line.quantity, line.price
    if quantity is None or price is None or line.net is None:
        return
    if quantity.number is None or price.number is None or line.net.number is None:
        return
    per = number_of(line.price_for) or Decimal(1)
    allowances, charges = _split(line.reductions)
    computed = quantity.number * price.number / per - sum(allowances, ZERO) + sum(charges, ZERO)
    how = f"{counted(quantity.number)} × {shown(price.number)}" + (f" ÷ {counted(per)}" if per != 1 else "")
    how += "".join(f" − {shown(each)}" for each in allowances) + "".join(f" + {shown(each)}" for each in charges)
    digits = -int(price.number.as_tuple().exponent)
    explained = abs(quantity.number) / per * Decimal(5).scaleb(-digits - 1)
    term = _("amount of line %(id)s (BT-131)") % {"id": line.id.text if line.id else line.place}
    notes.compare("GH-LINE", line.net, Computed(term, computed, how), equal=LINE_TOLERANCE, minor=explained)


def _split(reductions: Sequence[Reduction]) -> tuple[list[Decimal], list[Decimal]]:
    """Return the amounts of allowances, and of charges."""
    return (
        [number_of(each.amount) for each in reductions if not each.is_charge],
        [number_of(each.amount) for each in reductions if each.is_charge],
    )


def _amounts(invoice: Invoice) -> Iterator[tuple[str, Value | None]]:
    """Yield every amount that has at most two decimals, with the rule that says so."""
    totals = invoice.totals
    yield "BR-DEC-09", totals.lines
    yield "BR-DEC-10", totals.allowances
    yield "BR-DEC-11", totals.charges
    yield "BR-DEC-12", totals.without_tax
    yield "BR-DEC-13", totals.tax
    yield "BR-DEC-14", totals.with_tax
    yield "BR-DEC-15", invoice.tax_in_tax_currency
    yield "BR-DEC-16", totals.paid
    yield "BR-DEC-17", totals.rounding
    yield "BR-DEC-18", totals.payable
    for tax in invoice.taxes:
        yield "BR-DEC-19", tax.base
        yield "BR-DEC-20", tax.amount
    for each in invoice.reductions:
        yield "BR-DEC-05" if each.is_charge else "BR-DEC-01", each.amount
        yield "BR-DEC-06" if each.is_charge else "BR-DEC-02", each.base
    for line in invoice.lines:
        yield "BR-DEC-23", line.net
        for each in line.reductions:
            yield "BR-DEC-27" if each.is_charge else "BR-DEC-24", each.amount
            yield "BR-DEC-28" if each.is_charge else "BR-DEC-25", each.base


def _plain_numbers(invoice: Invoice) -> Iterator[Value | None]:
    """Yield the other numbers."""
    for line in invoice.lines:
        yield from (line.quantity, line.price, line.gross_price, line.price_for, line.rate)
    yield from (tax.rate for tax in invoice.taxes)
    yield from (each.rate for each in invoice.reductions)


def _check_amount(rule: str, value: Value | None, notes: Notes) -> None:
    if value is None or not _require_number(value, notes):
        return
    if number_of(value) != number_of(value).quantize(CENT):
        notes.add(rule, "error", _("%(value)s has more than two decimals.") % {"value": value.text}, value.place)


def _require_number(value: Value | None, notes: Notes) -> bool:
    if value is None or value.number is not None:
        return True
    notes.add("GH-NUMBER", "error", _("“%(value)s” is not a number.") % {"value": value.text}, value.place)
    return False


def _check_units(invoice: Invoice, notes: Notes) -> None:
    """Find amounts in another currency than the invoice's."""
    if invoice.currency is None or invoice.syntax == "paper":
        return
    own = invoice.currency.text
    for _rule, value in _amounts(invoice):
        if value is None or value is invoice.tax_in_tax_currency or value.unit in ("", own):
            continue
        words = _("This amount is in %(unit)s, and the invoice in %(currency)s.")
        notes.add("GH-CURRENCY", "error", words % {"unit": value.unit, "currency": own}, value.place)
