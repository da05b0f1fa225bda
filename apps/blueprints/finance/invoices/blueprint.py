"""The validator of invoices."""

from pathlib import Path

from django.utils.translation import gettext_lazy as _

from apps.agents.blueprints import Blueprint
from apps.blueprints.finance.invoices.results import report_of
from apps.blueprints.finance.invoices.steps import CHECK, COMPARE, READ
from apps.prompts.types import Variable

BLUEPRINT = Blueprint(
    key="invoice_validator",
    title=_("Invoice validator"),
    summary=_(
        "Checks an invoice by EN 16931: its sums, VAT, dates, IBAN and VAT ids, against purchase orders and earlier invoices."
    ),
    asks=(
        Variable("invoice", "file", help=_("XML (UBL, CII), or a PDF with or without XML in it."), label=_("Invoice")),
        Variable(
            "orders",
            "file",
            help=_(
                "A table (CSV or Excel) with a row for each order or its lines; the first row names the columns: order, supplier, item, quantity, price, total."
            ),
            is_required=False,
            label=_("Purchase orders"),
        ),
    ),
    steps=(READ, CHECK, COMPARE),
    report=report_of,
    folder=Path(__file__).parent,
    icon="receipt",
    sample={"invoice": "invoice.pdf", "orders": "orders.csv"},
)
