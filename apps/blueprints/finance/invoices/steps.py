"""The steps of the validator. Code reads and computes; a model helps to read what is only paper."""

import re

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.agents.blueprints import Desk, Step, StepFailed
from apps.blueprints.figures import shown
from apps.blueprints.finance.invoices import cii, orders, paper, rules, ubl
from apps.blueprints.finance.invoices.model import Invoice
from apps.blueprints.finance.invoices.nodes import Node
from apps.blueprints.finance.invoices.results import SEVERITIES, Checks, Validation, verdict_of
from apps.blueprints.finance.invoices.rules.finding import Notes

MOST_TEXT = 20_000


def read(desk: Desk) -> Invoice:
    """Read the XML of the file, or of the file in it; where there is none, or one of another kind in a PDF, its pages."""
    tree = desk.tree("invoice")
    if tree is None:
        return _from_pages(desk)
    for syntax in (ubl, cii):
        if tree.name in syntax.ROOTS and tree.namespace.startswith(syntax.NAMESPACE):
            return syntax.read(Node(tree, tree.name))
    words = _("The XML is no invoice in UBL or UN/CEFACT CII: it is a “%(name)s”.") % {"name": tree.name}
    if desk.kind_of("invoice") != "pdf":
        raise StepFailed(words)
    try:
        return _from_pages(desk).model_copy(update={"unread": tree.name})
    except StepFailed as error:
        raise StepFailed(f"{words} {error}") from error


def check(desk: Desk) -> Checks:
    """Check it by itself: what it has to say, its sums, taxes, codes, check digits and days, and whether its pages say the same."""
    invoice = desk.of(READ)
    notes = rules.check(invoice, desk.today)
    if invoice.syntax == "cii" and desk.kind_of("invoice") == "pdf":
        _compare_pages(desk, invoice, notes)
    return Checks(findings=notes.findings, sums=notes.sums)


def compare(desk: Desk) -> Validation:
    """Compare it with purchase orders, where some were given, and with what was checked before."""
    invoice, checks = desk.of(READ), desk.of(CHECK)
    notes = Notes()
    if desk.values.get("orders"):
        orders.match(invoice, orders.orders_in(desk.sheets("orders")), notes)
    mark = _mark(invoice)
    for earlier in desk.earlier(mark) if mark else ():
        words = _("An invoice of this seller with this number was checked before, on %(day)s by %(person)s.")
        values = {"day": date_format(earlier.day), "person": earlier.person or "–"}
        place = invoice.number.place if invoice.number else invoice.place
        notes.add("GH-DUPLICATE", "warning", words % values, place)
    findings = sorted([*checks.findings, *notes.findings], key=lambda each: SEVERITIES.index(each.severity))
    return Validation(
        document=desk.name_of("invoice"),
        invoice=invoice,
        verdict=verdict_of(findings),
        mark=mark,
        findings=findings,
        sums=checks.sums,
    )


def _from_pages(desk: Desk) -> Invoice:
    pages = paper.pages_of(desk.read("invoice"))
    text = "\n\n".join(page.text for page in pages)[:MOST_TEXT]
    said = desk.ask("pages", "read", paper.Read, pages=text)
    invoice = paper.read(pages, said)
    if invoice.number is None and invoice.totals.with_tax is None:
        raise StepFailed(_("Neither a number nor a total was found on the pages. Is this an invoice?"))
    return invoice


def _compare_pages(desk: Desk, invoice: Invoice, notes: Notes) -> None:
    """Find a document whose XML asks for another amount than its pages: people read these, machines that."""
    payable = invoice.totals.payable
    if payable is None or payable.number is None:
        return
    pages = paper.pages_of(desk.read("invoice"))
    if not paper.stands_on(pages, payable.number):
        words = _("The XML asks for %(amount)s, and that amount stands on none of the pages.")
        notes.add("GH-PAGES", "warning", words % {"amount": shown(payable.number)}, payable.place)


def _mark(invoice: Invoice) -> str:
    """Return what is the same for the same invoice of a seller; "" for one without a number or a seller."""
    seller = invoice.seller.vat_id or invoice.seller.legal_id or invoice.seller.name
    if invoice.number is None or seller is None:
        return ""
    return "|".join(re.sub(r"[\W_]+", "", value.text).lower()[:90] for value in (seller, invoice.number))


READ = Step("read", gettext_lazy("Read the invoice"), Invoice, read)
CHECK = Step("check", gettext_lazy("Check what it says and compute it again"), Checks, check)
COMPARE = Step("compare", gettext_lazy("Compare it with orders and earlier invoices"), Validation, compare)
