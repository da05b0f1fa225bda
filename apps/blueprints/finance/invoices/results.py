"""What the validator comes to, and how that is read."""

from collections import Counter
from typing import Literal

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.agents.blueprints import Typed
from apps.blueprints.figures import shown
from apps.blueprints.finance.invoices.model import Invoice, Value
from apps.blueprints.finance.invoices.rules.finding import Finding, Severity, Sum
from apps.core.reports import Facts, Heading, Part, Prose, Report, Table

Verdict = Literal["fits", "look", "wrong"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


class Checks(Typed):
    """What rules found, and what was computed again."""

    findings: list[Finding]
    sums: list[Sum]


class Validation(Typed):
    """An invoice, what is wrong with it (the worst first), and the receipt of every sum.

    `verdict` is `wrong` with an error, `look` with a warning, else `fits`. `mark` is the same for the same invoice of a seller.
    """

    document: str
    invoice: Invoice
    verdict: Verdict
    mark: str
    findings: list[Finding]
    sums: list[Sum]


def verdict_of(findings: list[Finding]) -> Verdict:
    """Return what the worst finding says."""
    found = {finding.severity for finding in findings}
    if "error" in found:
        return "wrong"
    return "look" if "warning" in found else "fits"


def report_of(validation: Validation) -> Report:
    """Return what people read: the verdict, the invoice, the findings with their places, and how each sum was computed."""
    return Report(
        (
            Prose(_verdict(validation)),
            Facts(_facts(validation)),
            *_table(
                _("Findings"),
                (_("Weight"), _("What was found"), _("Rule"), _("Place")),
                [(_weight(each.severity), each.message, each.rule, _place(each.place)) for each in validation.findings],
            ),
            *_table(
                _("Sums"),
                (_("Sum"), _("Stated"), _("Computed"), _("How it was computed"), _("Place")),
                [
                    (_with_sign(each), each.stated, each.computed, each.how, _place(each.place))
                    for each in sorted(validation.sums, key=lambda each: each.is_equal)
                ],
            ),
        )
    )


def _verdict(validation: Validation) -> str:
    number = Counter(each.severity for each in validation.findings)
    if validation.verdict == "wrong":
        words = ngettext(
            "**Do not pay it like this.** %(n)d error was found.",
            "**Do not pay it like this.** %(n)d errors were found.",
            number["error"],
        )
        return words % {"n": number["error"]}
    if validation.verdict == "look":
        words = ngettext(
            "**Look at it before it is paid.** No error was found, and %(n)d warning.",
            "**Look at it before it is paid.** No error was found, and %(n)d warnings.",
            number["warning"],
        )
        return words % {"n": number["warning"]}
    return _("**It fits.** No error was found, and no warning.")


def _facts(validation: Validation) -> list[tuple[str, str]]:
    invoice, totals = validation.invoice, validation.invoice.totals
    currency = invoice.currency.text if invoice.currency else ""
    facts = [
        (_("Document"), validation.document),
        (_("Read from"), _syntax(invoice)),
        (_("Seller"), _text(invoice.seller.name)),
        (_("Buyer"), _text(invoice.buyer.name)),
        (_("Number"), _text(invoice.number)),
        (_("Date"), _day(invoice.issued)),
        (_("Due"), _day(invoice.due)),
        (_("Purchase order"), _text(invoice.order)),
        (_("Total with VAT"), _money(totals.with_tax, currency)),
        (_("To be paid"), _money(totals.payable, currency)),
        (_("Account"), ", ".join(_text(each.account) for each in invoice.payments if each.account)),
    ]
    return [(name, value) for name, value in facts if value]


def _syntax(invoice: Invoice) -> str:
    return {
        "ubl": _("UBL"),
        "cii": _("UN/CEFACT CII (Factur-X, ZUGFeRD, XRechnung)"),
        "paper": _("the wording of its pages; no XML comes with it"),
    }[invoice.syntax]


def _text(value: Value | None) -> str:
    return value.text if value else ""


def _day(value: Value | None) -> str:
    return date_format(value.day) if value is not None and value.day is not None else _text(value)


def _money(value: Value | None, currency: str) -> str:
    if value is None or value.number is None:
        return _text(value)
    return f"{shown(value.number)} {currency}".strip()


def _weight(severity: Severity) -> str:
    return {"error": _("Error"), "warning": _("Warning"), "note": _("Note")}[severity]


def _with_sign(each: Sum) -> str:
    return each.term[:1].upper() + each.term[1:] if each.is_equal else f"≠ {each.term}"


def _place(place: str) -> str:
    """Return the end of a path, from its last element that is one of several, with the line; a page as it is."""
    path, _colon, line = place.rpartition(":")
    if not path:
        return place
    names = path.split("/")
    start = max([number for number, name in enumerate(names) if name.endswith("]")], default=len(names) - 1)
    return _("%(name)s, line %(line)s") % {"name": "/".join(names[start:]), "line": line}


def _table(title: str, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[Part]:
    return [Heading(title), Table(columns, rows)] if rows else []
