"""What is wrong with an invoice: the rules of EN 16931 under their own names, and those of ours, which begin with GH."""

from datetime import date

from apps.blueprints.finance.invoices.model import Invoice
from apps.blueprints.finance.invoices.rules import amounts, codes, fields, taxes, times
from apps.blueprints.finance.invoices.rules.finding import Notes


def check(invoice: Invoice, today: date) -> Notes:
    """Return what is found in an invoice by itself, and every sum that was computed again."""
    notes = Notes()
    fields.check(invoice, notes)
    amounts.check(invoice, notes)
    taxes.check(invoice, notes)
    codes.check(invoice, notes)
    times.check(invoice, notes, today)
    return notes
