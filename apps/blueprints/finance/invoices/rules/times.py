"""Days: that they are some, and in which order they come."""

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.blueprints.finance.invoices.model import Invoice, Value
from apps.blueprints.finance.invoices.rules.finding import Notes


def check(invoice: Invoice, notes: Notes, today: date) -> None:
    """Find days that are none, an invoice of the future, one due before it was written, and a period that ends before it begins."""
    for value in (invoice.issued, invoice.due, invoice.delivered, invoice.tax_point, *invoice.period):
        if value is not None and value.day is None:
            notes.add("GH-DAY", "error", _("“%(value)s” is not a day.") % {"value": value.text}, value.place)
    issued, due, (begin, end) = _day(invoice.issued), _day(invoice.due), invoice.period
    if invoice.issued is not None and issued is not None and issued > today:
        words = _("The invoice is dated %(day)s, which is in the future.") % {"day": date_format(issued)}
        notes.add("GH-FUTURE", "warning", words, invoice.issued.place)
    if invoice.due is not None and issued is not None and due is not None and due < issued:
        words = _("It is due on %(due)s, before it was written on %(issued)s.")
        values = {"due": date_format(due), "issued": date_format(issued)}
        notes.add("GH-DUE", "warning", words % values, invoice.due.place)
    first, last = _day(begin), _day(end)
    if end is not None and first is not None and last is not None and last < first:
        words = _("The period ends on %(last)s, before it begins on %(first)s.")
        values = {"last": date_format(last), "first": date_format(first)}
        notes.add("BR-29", "error", words % values, end.place)


def _day(value: Value | None) -> date | None:
    return value.day if value is not None else None
