"""The evaluation set: invoices without a fault, and for each kind of fault one with it, under the rules that name it."""

from dataclasses import dataclass
from typing import Any

from tests.blueprints.invoices import BUYER, LINE, SELLER, changed, invoice


@dataclass(frozen=True)
class Fault:
    """A fault: the invoice, what our rules find, and in which syntaxes it can be written."""

    invoice: dict[str, Any]
    rules: frozenset[str]
    syntaxes: tuple[str, ...] = ("ubl", "cii")


def fault(made, *rules, syntaxes=("ubl", "cii")):
    return Fault(made, frozenset(rules), syntaxes)


REBATE = [{"amount": "100.00"}]
FREIGHT = [{"amount": "25.50", "is_charge": True, "reason": "Freight"}]
PLAIN = invoice()
TWO_RATES = invoice(
    {}, {"name": "Book", "item": "B-1", "quantity": "3", "price": "9.99", "rate": "7"}, reductions=REBATE
)
EXEMPT = {"category": "E", "rate": "0"}
ABROAD = {"category": "K", "rate": "0"}
REVERSED = {"category": "AE", "rate": "0"}
EXPORTED = {"category": "G", "rate": "0"}
OUTSIDE = {"category": "O", "rate": None}
NO_VAT = {"seller": {**SELLER, "vat": None}, "buyer": {**BUYER, "vat": None}}
DELIVERED = {"delivered": "2026-09-28", "to": "FR"}

VALID = {
    "plain": PLAIN,
    "two rates and an allowance": TWO_RATES,
    "a charge": invoice(reductions=FREIGHT),
    "both": invoice(reductions=[*REBATE, *FREIGHT]),
    "a rebate on a line": invoice({"reductions": [{"amount": "12.34"}]}),
    "a charge on a line": invoice({"reductions": [{"amount": "5.00", "is_charge": True}]}),
    "price for a hundred": invoice({"quantity": "250", "price": "4.75", "price_for": "100"}),
    "cents of a price": invoice({"quantity": "333", "price": "0.0375"}),
    "paid in part": invoice(paid="500.00"),
    "rounded": invoice({"price": "120.01"}, rounding="-0.02"),
    "zero rated": invoice({"category": "Z", "rate": "0"}),
    "exempt": invoice(EXEMPT, reasons={"E": "Exempt by law"}),
    "reverse charge": invoice(REVERSED, reasons={"AE": "Reverse charge"}),
    "within the Community": invoice(ABROAD, reasons={"K": "Intra-community supply"}, **DELIVERED),
    "export": invoice(EXPORTED, reasons={"G": "Export"}, buyer={**BUYER, "vat": None, "country": "CH"}),
    "not subject to VAT": invoice(OUTSIDE, reasons={"O": "Not subject to VAT"}, **NO_VAT),
    "many lines": invoice(*({"price": f"{n}.99", "quantity": str(n % 7 + 1), "item": f"I-{n}"} for n in range(1, 121))),
    "another currency for VAT": invoice(currency="USD", tax_currency="EUR", tax_in_tax_currency="209.76"),
    "a period": invoice(begin="2026-09-01", end="2026-09-30"),
    "no VAT to be paid at all": invoice({"price": "0.00"}, {"item": "D-2"}),
    "a payee": invoice(payee="Factor Bank AG"),
    "Canary Islands": invoice({"category": "L", "rate": "7"}),
    "credit note": invoice(kind="381", terms="30 days"),
}  # fmt: skip

FAULTS = {
    "no specification": fault(changed(PLAIN, profile=None), "BR-01", syntaxes=("ubl",)),
    "no number": fault(changed(PLAIN, number=None), "BR-02"),
    "no date": fault(changed(PLAIN, issued=None), "BR-03"),
    "no type": fault(changed(PLAIN, kind=None), "BR-04"),
    "no currency": fault(changed(PLAIN, currency=None), "BR-05"),
    "no seller": fault(changed(PLAIN, seller__name=None), "BR-06"),
    "no buyer": fault(changed(PLAIN, buyer__name=None), "BR-07"),
    "no address of the seller": fault(changed(PLAIN, seller__city=None), "BR-08"),
    "no country of the seller": fault(changed(PLAIN, seller__country=None), "BR-09"),
    "no address of the buyer": fault(changed(PLAIN, buyer__city=None), "BR-10"),
    "no country of the buyer": fault(changed(PLAIN, buyer__country=None), "BR-11"),
    "no sum of the lines": fault(changed(PLAIN, totals__lines=None), "BR-12"),
    "no total without VAT": fault(changed(PLAIN, totals__without_tax=None), "BR-13"),
    "no total with VAT": fault(changed(PLAIN, totals__with_tax=None), "BR-14"),
    "nothing to be paid": fault(changed(PLAIN, totals__payable=None), "BR-15"),
    "no line": fault(changed(PLAIN, lines=[], totals__lines="0.00", totals__without_tax="0.00", totals__tax="0.00", totals__with_tax="0.00", totals__payable="0.00", taxes__0__base="0.00", taxes__0__amount="0.00"), "BR-16"),
    "payee without a name": fault(changed(PLAIN, payee=""), "BR-17"),
    "line without an id": fault(changed(PLAIN, lines__0__id=None), "BR-21"),
    "line without a quantity": fault(changed(PLAIN, lines__0__quantity=None), "BR-22", "BR-23"),
    "line without a unit": fault(changed(PLAIN, lines__0__unit=None), "BR-23"),
    "line without an amount": fault(changed(PLAIN, lines__0__net=None), "BR-24", "BR-CO-10", "BR-S-08"),
    "line without a name": fault(changed(PLAIN, lines__0__name=None), "BR-25"),
    "line without a price": fault(changed(PLAIN, lines__0__price=None), "BR-26"),
    "negative price": fault(invoice({"quantity": "-10", "price": "-120.00"}), "BR-27"),
    "period that ends before it begins": fault(invoice(begin="2026-09-30", end="2026-09-01"), "BR-29"),
    "allowance without an amount": fault(changed(invoice(reductions=REBATE), reductions__0__amount=None), "BR-31", "BR-CO-11", "BR-S-08"),
    "allowance without a category": fault(changed(invoice(reductions=REBATE), reductions__0__category=None), "BR-32", "BR-S-08"),
    "allowance without a reason": fault(changed(invoice(reductions=REBATE), reductions__0__reason=None), "BR-33"),
    "charge without an amount": fault(changed(invoice(reductions=FREIGHT), reductions__0__amount=None), "BR-36", "BR-CO-12", "BR-S-08"),
    "charge without a category": fault(changed(invoice(reductions=FREIGHT), reductions__0__category=None), "BR-37", "BR-S-08"),
    "charge without a reason": fault(changed(invoice(reductions=FREIGHT), reductions__0__reason=None), "BR-38"),
    "rebate on a line without a reason": fault(changed(invoice({"reductions": [{"amount": "1.00"}]}), lines__0__reductions__0__reason=None), "BR-42"),
    "charge on a line without a reason": fault(changed(invoice({"reductions": [{"amount": "1.00", "is_charge": True}]}), lines__0__reductions__0__reason=None), "BR-44"),
    "breakdown without a base": fault(changed(PLAIN, taxes__0__base=None), "BR-45"),
    "breakdown without VAT": fault(changed(PLAIN, taxes__0__amount=None), "BR-46", "BR-CO-14"),
    "breakdown without a category": fault(changed(PLAIN, taxes__0__category=None), "BR-47", "BR-S-01"),
    "breakdown without a rate": fault(changed(PLAIN, taxes__0__rate=None), "BR-48"),
    "no means of payment": fault(changed(PLAIN, means=None), "BR-49"),
    "no VAT in the currency for it": fault(invoice(tax_currency="USD"), "BR-53"),
    "credit transfer without an account": fault(changed(PLAIN, iban=None, bic=None), "BR-61"),
    "two days for VAT": fault(invoice(tax_point="2026-10-01", tax_point_code="35"), "BR-CO-03"),
    "line without a category": fault(changed(PLAIN, lines__0__category=None), "BR-CO-04", "BR-S-08"),
    "VAT id without a country": fault(changed(PLAIN, seller__vat="136695976"), "BR-CO-09"),
    "sum of the lines": fault(changed(PLAIN, totals__lines="1201.00", totals__without_tax="1201.00", totals__with_tax="1429.00", totals__payable="1429.00"), "BR-CO-10"),
    "sum of the allowances": fault(changed(invoice(reductions=REBATE), totals__allowances="110.00", totals__without_tax="1090.00", totals__with_tax="1299.00", totals__payable="1299.00"), "BR-CO-11"),
    "sum of the charges": fault(changed(invoice(reductions=FREIGHT), totals__charges="35.50", totals__without_tax="1235.50", totals__with_tax="1468.35", totals__payable="1468.35"), "BR-CO-12"),
    "total without VAT": fault(changed(PLAIN, totals__without_tax="1210.00", totals__with_tax="1438.00", totals__payable="1438.00"), "BR-CO-13"),
    "total of VAT": fault(changed(PLAIN, totals__tax="238.00", totals__with_tax="1438.00", totals__payable="1438.00"), "BR-CO-14"),
    "total with VAT": fault(changed(PLAIN, totals__with_tax="1438.00", totals__payable="1438.00"), "BR-CO-15"),
    "total with VAT by a cent": fault(changed(PLAIN, totals__with_tax="1428.01", totals__payable="1428.01"), "BR-CO-15"),
    "amount to be paid": fault(changed(PLAIN, totals__payable="1500.00"), "BR-CO-16"),
    "what was paid already": fault(changed(invoice(paid="500.00"), totals__payable="1428.00"), "BR-CO-16"),
    "VAT of a rate": fault(changed(PLAIN, taxes__0__amount="240.00", totals__tax="240.00", totals__with_tax="1440.00", totals__payable="1440.00"), "BR-CO-17"),
    "no breakdown": fault(changed(PLAIN, taxes=[]), "BR-CO-18", "BR-S-01"),
    "neither a day nor terms": fault(changed(PLAIN, due=None), "BR-CO-25"),
    "seller without an id": fault(changed(invoice({"category": "O", "rate": None}, reasons={"O": "No VAT"}, **NO_VAT), seller__legal=None), "BR-CO-26"),
    "three decimals": fault(changed(PLAIN, totals__payable="1428.000", totals__with_tax="1428.005"), "BR-CO-15", "BR-CO-16", "BR-DEC-14"),
    "three decimals of a line": fault(changed(PLAIN, lines__0__net="1200.004"), "BR-DEC-23"),
    "standard rate of nothing": fault(invoice({"rate": "0"}), "BR-S-05"),
    "seller without a VAT id": fault(changed(PLAIN, seller__vat=None), "BR-S-02"),
    "allowance, seller without a VAT id": fault(changed(invoice(reductions=REBATE), seller__vat=None), "BR-S-02", "BR-S-03"),
    "charge, seller without a VAT id": fault(changed(invoice(reductions=FREIGHT), seller__vat=None), "BR-S-02", "BR-S-04"),
    "allowance at the rate of nothing": fault(changed(invoice(reductions=REBATE), reductions__0__rate="0"), "BR-S-06", "BR-S-08"),
    "charge at the rate of nothing": fault(changed(invoice(reductions=FREIGHT), reductions__0__rate="0"), "BR-S-07", "BR-S-08"),
    "taxable amount": fault(changed(TWO_RATES, taxes__0__base="1050.00", taxes__0__amount="199.50", taxes__1__base="79.97", taxes__1__amount="5.60", totals__tax="205.10", totals__with_tax="1335.07", totals__payable="1335.07"), "BR-S-08"),
    "standard rate with a reason": fault(changed(PLAIN, taxes__0__reason="Because"), "BR-S-10"),
    "zero rated with a rate": fault(changed(invoice({"category": "Z", "rate": "0"}), lines__0__rate="19"), "BR-Z-05"),
    "zero rated, taxable amount": fault(changed(invoice({"category": "Z", "rate": "0"}), taxes__0__base="1100.00"), "BR-Z-08"),
    "zero rated with VAT": fault(changed(invoice({"category": "Z", "rate": "0"}), taxes__0__amount="5.00", totals__tax="5.00", totals__with_tax="1205.00", totals__payable="1205.00"), "BR-Z-09"),
    "exempt without a reason": fault(invoice(EXEMPT), "BR-E-10"),
    "exempt with a rate": fault(changed(invoice(EXEMPT, reasons={"E": "By law"}), lines__0__rate="19"), "BR-E-05"),
    "exempt with VAT": fault(changed(invoice(EXEMPT, reasons={"E": "By law"}), taxes__0__amount="5.00", totals__tax="5.00", totals__with_tax="1205.00", totals__payable="1205.00"), "BR-E-09"),
    "exempt, taxable amount": fault(changed(invoice(EXEMPT, reasons={"E": "By law"}), taxes__0__base="1100.00"), "BR-E-08"),
    "reverse charge, buyer without an id": fault(changed(invoice(REVERSED, reasons={"AE": "Reverse charge"}), buyer__vat=None, buyer__legal=None), "BR-AE-02"),
    "reverse charge without a reason": fault(invoice(REVERSED), "BR-AE-10"),
    "within the Community, buyer without an id": fault(changed(invoice(ABROAD, reasons={"K": "Intra-community"}, **DELIVERED), buyer__vat=None), "BR-IC-02"),
    "within the Community without a day": fault(invoice(ABROAD, reasons={"K": "Intra-community"}, to="FR"), "BR-IC-11"),
    "within the Community without a country": fault(invoice(ABROAD, reasons={"K": "Intra-community"}, delivered="2026-09-28"), "BR-IC-12"),
    "export with a rate": fault(changed(invoice(EXPORTED, reasons={"G": "Export"}), lines__0__rate="7"), "BR-G-05"),
    "export without a reason": fault(invoice(EXPORTED), "BR-G-10"),
    "not subject, with a VAT id": fault(changed(invoice(OUTSIDE, reasons={"O": "No VAT"}, **NO_VAT), seller__vat=SELLER["vat"]), "BR-O-02"),
    "not subject, with a rate": fault(changed(invoice(OUTSIDE, reasons={"O": "No VAT"}, **NO_VAT), lines__0__rate="0"), "BR-O-05"),
    "not subject, beside others": fault(invoice(OUTSIDE, {**LINE, "category": "Z", "rate": "0"}, reasons={"O": "No VAT"}, **NO_VAT), "BR-O-12", "BR-Z-02"),
    "unknown type": fault(changed(PLAIN, kind="999"), "BR-CL-01"),
    "unknown currency": fault(invoice(currency="DEM"), "BR-CL-04"),
    "unknown country": fault(changed(PLAIN, seller__country="DD"), "BR-CL-14"),
    "unknown category": fault(changed(PLAIN, lines__0__category="X", taxes__0__category="X"), "BR-CL-17", "BR-CL-18"),
    "unknown means of payment": fault(changed(PLAIN, means="99"), "BR-CL-16"),
    "quantity by price": fault(changed(PLAIN, lines__0__quantity="11"), "GH-LINE"),
    "two lines of one id": fault(changed(TWO_RATES, lines__1__id="1"), "GH-LINE-ID"),
    "IBAN": fault(changed(PLAIN, iban="DE02120300000000202052"), "GH-IBAN"),
    "BIC": fault(changed(PLAIN, bic="BYLADEM10"), "GH-BIC"),
    "VAT id": fault(changed(PLAIN, seller__vat="DE136695975"), "GH-VAT-ID"),
    "bank in another country": fault(changed(PLAIN, bic="BNPAFRPP"), "GH-BANK-COUNTRY"),
    "account in another country": fault(changed(PLAIN, iban="FR1420041010050500013M02606", bic=None), "GH-ACCOUNT-COUNTRY"),
    "in the future": fault(changed(PLAIN, issued="2027-10-01", due="2027-10-31"), "GH-FUTURE"),
    "due before it was written": fault(changed(PLAIN, due="2026-09-30"), "GH-DUE"),
    "no day": fault(changed(PLAIN, due="2026-02-30"), "GH-DAY"),
    "no number in an amount": fault(changed(PLAIN, lines__0__price="12O.00"), "GH-NUMBER"),
    "amount in another currency": fault(changed(PLAIN, lines__0__currency="USD"), "GH-CURRENCY"),
    "VAT by less than one": fault(changed(PLAIN, taxes__0__amount="228.50", totals__tax="228.50", totals__with_tax="1428.50", totals__payable="1428.50"), "BR-CO-17"),
}  # fmt: skip
