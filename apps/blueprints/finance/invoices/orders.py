"""Purchase orders: a table of them, and whether an invoice fits its order."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from apps.agents.blueprints import StepFailed, Typed
from apps.blueprints.cells import columns_in, number_in, writes_commas
from apps.blueprints.figures import CENT, counted, shown
from apps.blueprints.finance.invoices.model import Invoice, Line
from apps.blueprints.finance.invoices.rules.amounts import number_of
from apps.blueprints.finance.invoices.rules.finding import Notes
from apps.knowledge.types import Sheet

_COLUMNS: Mapping[str, Sequence[str]] = {
    "order": ("order", "po", "po number", "order number", "order no", "purchase order", "bestellung", "bestellnummer", "bestell-nr"),
    "supplier": ("supplier", "vendor", "seller", "lieferant", "verkäufer", "kreditor"),
    "item": ("item", "item no", "item number", "sku", "article", "artikel", "artikelnummer", "material"),
    "quantity": ("quantity", "qty", "menge", "anzahl"),
    "price": ("price", "unit price", "net price", "preis", "einzelpreis", "stückpreis"),
    "total": ("total", "amount", "net total", "net amount", "value", "betrag", "summe", "netto", "nettobetrag", "bestellwert"),
    "currency": ("currency", "währung"),
}  # fmt: skip


class OrderLine(Typed):
    """What was ordered; `place` is its row."""

    item: str
    quantity: Decimal | None
    price: Decimal | None
    place: str


class Order(Typed):
    """A purchase order; `total` is without VAT, and null where the table has none."""

    number: str
    supplier: str
    currency: str
    total: Decimal | None
    lines: list[OrderLine]
    place: str


def orders_in(sheets: Sequence[Sheet]) -> list[Order]:
    """Return the orders of a table with a row for each, or for each of their lines. Raises StepFailed when no column holds order numbers."""
    for sheet in sheets:
        columns = columns_in(sheet.rows[0], _COLUMNS)
        if "order" in columns:
            return _orders(sheet, columns)
    raise StepFailed(_("The table of purchase orders has no column “Order”. Its first row has to name the columns."))


def match(invoice: Invoice, orders: Sequence[Order], notes: Notes) -> None:
    """Note where an invoice does not fit its purchase order."""
    order = _order_of(invoice, orders, notes)
    if order is None:
        return
    _check_supplier(invoice, order, notes)
    _check_total(invoice, order, notes)
    known = {_key(line.item): line for line in order.lines if line.item}
    for line in invoice.lines if known else ():
        _check_line(line, known, order, notes)


def _orders(sheet: Sheet, columns: Mapping[str, int]) -> list[Order]:
    found: dict[str, list[tuple[int, Mapping[str, str]]]] = {}
    for number, row in enumerate(sheet.rows[1:], start=2):
        cells = {key: row[place] if place < len(row) else "" for key, place in columns.items()}
        if cells["order"].strip():
            found.setdefault(_key(cells["order"]), []).append((number, cells))
    return [_order(sheet.name, rows) for rows in found.values()]


def _order(sheet: str, rows: Sequence[tuple[int, Mapping[str, str]]]) -> Order:
    lines = [
        OrderLine(
            item=cells.get("item", ""),
            quantity=_number_of(cells.get("quantity", "")),
            price=_number_of(cells.get("price", "")),
            place=_row(sheet, number),
        )
        for number, cells in rows
    ]
    totals = [total for _number_of_row, cells in rows if (total := _number_of(cells.get("total", ""))) is not None]
    first_row, first = rows[0]
    return Order(
        number=first["order"],
        supplier=first.get("supplier", ""),
        currency=first.get("currency", "").upper(),
        total=sum(totals, Decimal(0)) if totals else _sum_of(lines),
        lines=lines,
        place=_row(sheet, first_row),
    )


def _sum_of(lines: Sequence[OrderLine]) -> Decimal | None:
    values = [line.quantity * line.price for line in lines if line.quantity is not None and line.price is not None]
    return sum(values, Decimal(0)) if len(values) == len(lines) else None


def _row(sheet: str, number: int) -> str:
    row = _("row %(n)d of the orders") % {"n": number}
    return f"{sheet}, {row}" if sheet else row


def _number_of(text: str) -> Decimal | None:
    return number_in(text, has_comma=writes_commas([text]))


def _key(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()


def _order_of(invoice: Invoice, orders: Sequence[Order], notes: Notes) -> Order | None:
    if invoice.order is None:
        words = _("The invoice names no purchase order, so it was compared with none.")
        notes.add("GH-ORDER-MISSING", "warning", words, invoice.place)
        return None
    found = next((order for order in orders if _key(order.number) == _key(invoice.order.text)), None)
    if found is None:
        words = _("The purchase order “%(order)s” is not in the table.") % {"order": invoice.order.text}
        notes.add("GH-ORDER-UNKNOWN", "error", words, invoice.order.place)
    return found


def _check_supplier(invoice: Invoice, order: Order, notes: Notes) -> None:
    seller = invoice.seller
    names = [_key(value.text) for value in (seller.name, seller.vat_id) if value is not None]
    if (
        order.supplier
        and names
        and not any(_key(order.supplier) in name or name in _key(order.supplier) for name in names)
    ):
        words = _("The purchase order is with %(supplier)s (%(row)s), and the invoice comes from %(seller)s.")
        values = {"supplier": order.supplier, "row": order.place, "seller": seller.name.text if seller.name else "–"}
        notes.add("GH-ORDER-SUPPLIER", "error", words % values, seller.place)
    currency = invoice.currency
    if order.currency and currency is not None and currency.text != order.currency:
        words = _("The purchase order is in %(order)s (%(row)s), and the invoice in %(invoice)s.")
        values = {"order": order.currency, "row": order.place, "invoice": currency.text}
        notes.add("GH-ORDER-CURRENCY", "error", words % values, currency.place)


def _check_total(invoice: Invoice, order: Order, notes: Notes) -> None:
    stated = invoice.totals.without_tax
    if order.total is None or stated is None:
        return
    over = number_of(stated) - order.total
    if over > CENT:
        words = _("The invoice is over its purchase order by %(over)s: %(invoice)s − %(order)s (%(row)s).")
        values = {
            "over": shown(over),
            "invoice": shown(number_of(stated)),
            "order": shown(order.total),
            "row": order.place,
        }
        notes.add("GH-ORDER-TOTAL", "error", words % values, stated.place)


def _check_line(line: Line, known: Mapping[str, OrderLine], order: Order, notes: Notes) -> None:
    ordered = next(
        (known[_key(value.text)] for value in (line.item, line.name) if value and _key(value.text) in known), None
    )
    if ordered is None:
        words = _("“%(item)s” is not on the purchase order %(order)s.")
        values = {"item": line.name.text if line.name else line.place, "order": order.number}
        notes.add("GH-ORDER-ITEM", "warning", words % values, line.place)
        return
    price = number_of(line.price) / (number_of(line.price_for) or 1)
    if line.price is not None and ordered.price is not None and price > ordered.price:
        words = _("The price is %(stated)s, and %(ordered)s on the purchase order (%(row)s).")
        values = {"stated": shown(price), "ordered": shown(ordered.price), "row": ordered.place}
        notes.add("GH-ORDER-PRICE", "error", words % values, line.price.place)
    quantity = number_of(line.quantity)
    if line.quantity is not None and ordered.quantity is not None and quantity > ordered.quantity:
        words = _("The quantity is %(stated)s, and %(ordered)s on the purchase order (%(row)s).")
        values = {"stated": counted(quantity), "ordered": counted(ordered.quantity), "row": ordered.place}
        notes.add("GH-ORDER-QUANTITY", "error", words % values, line.quantity.place)
