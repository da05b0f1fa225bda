"""`python -m tests.blueprints.shipped`: write the samples that blueprints can be tried with."""

from io import BytesIO
from pathlib import Path

from facturx import generate_from_binary
from reportlab.lib import colors
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from tests.blueprints.invoices import as_cii, changed, invoice

FOLDER = Path(__file__).resolve().parents[2] / "apps" / "blueprints" / "finance" / "invoices" / "samples"
BUYER = {"name": "Acme GmbH", "vat": "DE811128135", "legal": "HRB 98765", "country": "DE", "city": "Berlin"}
LINES = (
    {"quantity": "12"},
    {"name": "Chair", "item": "C-4", "quantity": "24", "price": "89.50"},
    {"name": "Handbook", "item": "B-2", "quantity": "3", "price": "24.90", "rate": "7"},
)
RIGHT = invoice(*LINES, reductions=[{"amount": "50.00"}], order="PO-2026-118", buyer=BUYER)
WRONG = changed(RIGHT, iban="DE02120300000000202052", totals__with_tax="4390.15", totals__payable="4390.15")
"""What ships: a wrong digit in the IBAN, 100 too much in the total, more desks than were ordered."""
ORDERS = """Order,Supplier,Item,Quantity,Unit price,Currency
PO-2026-118,Nordlicht GmbH,D-1,10,120.00,EUR
PO-2026-118,Nordlicht GmbH,C-4,24,89.50,EUR
PO-2026-118,Nordlicht GmbH,B-2,3,24.90,EUR
PO-2026-119,Papier & Co,P-1,500,0.02,EUR
"""


def drawn(made):
    """Return an invoice as a page for people."""
    styles, out, totals = getSampleStyleSheet(), BytesIO(), made["totals"]
    rows = [["", "Item", "Quantity", "Price", "VAT", "Amount"]]
    rows += [
        [line["id"], line["name"], line["quantity"], line["price"], f"{line['rate']} %", line["net"]]
        for line in made["lines"]
    ]
    rows += [["", "", "", "", name, value] for name, value in (
        ("Rebate", f"-{totals['allowances']}"),
        ("Total net", totals["without_tax"]),
        ("VAT", totals["tax"]),
        ("Total EUR", totals["with_tax"]),
    )]  # fmt: skip
    table = Table(rows, colWidths=[24, 170, 70, 70, 70, 80])
    lines = TableStyle([("LINEBELOW", (0, 0), (-1, 0), 1, colors.black), ("ALIGN", (2, 0), (-1, -1), "RIGHT")])
    table.setStyle(lines)
    say = [
        Paragraph(
            f"{made['seller']['name']} · {made['seller']['city']} · VAT ID {made['seller']['vat']}", styles["Normal"]
        ),
        Paragraph(f"Invoice {made['number']}", styles["Title"]),
        Paragraph(f"To {made['buyer']['name']}, {made['buyer']['city']}", styles["Normal"]),
        Paragraph(
            f"Invoice date {made['issued']} · Due date {made['due']} · Your order {made['order']}", styles["Normal"]
        ),
        Spacer(1, 18),
        table,
        Spacer(1, 18),
        Paragraph(f"Please pay to {made['iban']}, {made['bic']}.", styles["Normal"]),
    ]
    SimpleDocTemplate(out, title=f"Invoice {made['number']}", author=made["seller"]["name"]).build(say)
    return out.getvalue()


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    pdf = generate_from_binary(drawn(WRONG), as_cii(WRONG), check_xsd=False, check_schematron=False, lang="en")
    (FOLDER / "invoice.pdf").write_bytes(pdf)
    (FOLDER / "orders.csv").write_text(ORDERS)
