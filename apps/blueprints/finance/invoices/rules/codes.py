"""Codes and check digits: currencies, countries, categories, types and means of payment by their lists; IBAN, BIC and VAT ids by python-stdnum."""

from functools import cache
from typing import Any

from babel.core import get_global
from babel.numbers import get_territory_currencies
from django.utils.translation import gettext as _
from stdnum import bic, get_cc_module, iban

from apps.blueprints.finance.invoices.model import Invoice, Party, Payment, Value
from apps.blueprints.finance.invoices.rules.finding import Notes
from apps.blueprints.finance.invoices.rules.taxes import CATEGORIES

KINDS = frozenset(
    [
        "71",
        "80",
        "82",
        "83",
        "84",
        "102",
        "130",
        "202",
        "203",
        "204",
        "211",
        "218",
        "219",
        "261",
        "262",
        "295",
        "296",
        "308",
        "325",
        "326",
        "331",
        "380",
        "381",
        "382",
        "383",
        "384",
        "385",
        "386",
        "387",
        "388",
        "389",
        "390",
        "393",
        "394",
        "395",
        "396",
        "420",
        "456",
        "457",
        "458",
        "502",
        "503",
        "527",
        "532",
        "553",
        "575",
        "623",
        "633",
        "751",
        "780",
        "817",
        "870",
        "875",
        "876",
        "877",
        "935",
    ]
)
"""UNTDID 1001, as far as they are invoices or credit notes."""
MEANS = frozenset([*map(str, range(1, 71)), *map(str, range(74, 79)), *map(str, range(91, 99)), "ZZZ"])
"""UNTDID 4461."""
OTHER_COUNTRIES = frozenset({"1A", "XI", "EL"})
"""Kosovo and Northern Ireland in invoices; Greece in VAT ids."""


@cache
def currencies() -> frozenset[str]:
    """Return the codes of ISO 4217 that are in use somewhere."""
    return frozenset(code for territory in countries() for code in get_territory_currencies(territory)) | {"XAU", "XDR"}


@cache
def countries() -> frozenset[str]:
    """Return the codes of ISO 3166 with two letters."""
    known: Any = get_global("territory_languages")
    return frozenset(code for code in known if len(code) == 2 and code.isalpha() and code not in ("EU", "UN", "ZZ"))


def check(invoice: Invoice, notes: Notes) -> None:
    """Look every code up, and compute every check digit."""
    _check_code("BR-CL-01", _("type of an invoice (UNTDID 1001)"), invoice.kind, KINDS, notes)
    for rule, code in (("BR-CL-04", invoice.currency), ("BR-CL-05", invoice.tax_currency)):
        _check_code(rule, _("currency (ISO 4217)"), code, currencies(), notes)
    for party in (invoice.seller, invoice.buyer, invoice.payee, invoice.representative):
        if party is not None:
            _check_party(party, notes)
    _check_country(invoice.delivery_country, notes)
    of_rows = [("BR-CL-17", tax.category) for tax in invoice.taxes]
    of_rows += [("BR-CL-17", reduction.category) for reduction in invoice.reductions]
    for rule, category in [*of_rows, *(("BR-CL-18", line.category) for line in invoice.lines)]:
        _check_code(rule, _("VAT category (UNTDID 5305)"), category, {*CATEGORIES, "B"}, notes)
    for payment in invoice.payments:
        _check_payment(payment, invoice, notes)


def _check_code(rule: str, what: str, code: Value | None, known: Any, notes: Notes) -> None:
    if code is not None and code.text not in known:
        words = _("“%(code)s” is no code of a %(what)s.") % {"code": code.text, "what": what}
        notes.add(rule, "error", words, code.place)


def _check_country(code: Value | None, notes: Notes) -> None:
    _check_code("BR-CL-14", _("country (ISO 3166)"), code, countries() | OTHER_COUNTRIES, notes)


def _check_party(party: Party, notes: Notes) -> None:
    _check_country(party.country, notes)
    if party.vat_id is None:
        return
    country = party.vat_id.text[:2].upper()
    numbers = get_cc_module("gr" if country == "EL" else country.lower(), "vat") if country.isalpha() else None
    if numbers is not None and not numbers.is_valid(party.vat_id.text):
        words = _("The check digits of the VAT id “%(id)s” are wrong.") % {"id": party.vat_id.text}
        notes.add("GH-VAT-ID", "warning", words, party.vat_id.place)


def _check_payment(payment: Payment, invoice: Invoice, notes: Notes) -> None:
    _check_code("BR-CL-16", _("means of payment (UNTDID 4461)"), payment.means, MEANS, notes)
    account, bank = payment.account, payment.bank
    if account is not None and _claims_iban(account) and not iban.is_valid(account.text):
        words = _("The check digits of the IBAN “%(iban)s” are wrong.") % {"iban": account.text}
        notes.add("GH-IBAN", "error", words, account.place)
    elif account is not None and _claims_iban(account):
        _compare_countries(account, bank, invoice, notes)
    if bank is not None and not bic.is_valid(bank.text):
        notes.add("GH-BIC", "warning", _("“%(bic)s” is no BIC.") % {"bic": bank.text}, bank.place)


def _claims_iban(account: Value) -> bool:
    """Say whether an account is named as IBANs are: two letters and two digits at its head."""
    text = account.text.replace(" ", "")
    return text[:2].isalpha() and text[2:4].isdigit()


def _compare_countries(account: Value, bank: Value | None, invoice: Invoice, notes: Notes) -> None:
    """Note an account in another country than its bank or the seller's: the mark of an invoice that somebody changed."""
    country = account.text[:2].upper()
    if bank is not None and bic.is_valid(bank.text) and bank.text.replace(" ", "")[4:6].upper() != country:
        words = _("The account is in %(account)s, and the bank in %(bank)s.")
        values = {"account": country, "bank": bank.text.replace(" ", "")[4:6].upper()}
        notes.add("GH-BANK-COUNTRY", "warning", words % values, bank.place)
    seller = invoice.seller.country
    if seller is not None and seller.text.upper() != country:
        words = _("The account is in %(account)s, and the seller in %(seller)s.")
        notes.add("GH-ACCOUNT-COUNTRY", "note", words % {"account": country, "seller": seller.text}, account.place)
