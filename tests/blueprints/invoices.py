"""Invoices as dicts, written as UBL, CII or a PDF with CII in it; sums are reckoned here, apart from the product."""

import copy
from decimal import ROUND_HALF_UP, Decimal
from io import BytesIO
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from facturx import generate_from_binary
from pypdf import PdfWriter
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import Paragraph, SimpleDocTemplate

SELLER = {"name": "Nordlicht GmbH", "vat": "DE136695976", "legal": "HRB 12345", "country": "DE", "city": "Hamburg"}
BUYER = {"name": "Acme SA", "vat": "FR40303265045", "legal": "303265045", "country": "FR", "city": "Lyon"}
LINE = {
    "name": "Desk",
    "item": "D-1",
    "quantity": "10",
    "unit": "C62",
    "price": "120.00",
    "category": "S",
    "rate": "19",
}


def cents(number):
    return number.quantize(Decimal("0.01"), ROUND_HALF_UP)


def invoice(*lines, reductions=(), paid=None, rounding=None, reasons=None, **fields):
    """Return a whole invoice: amounts, VAT rows and totals that are not given are reckoned."""
    made = {
        "profile": "urn:cen.eu:en16931:2017",
        "number": "2026-0815",
        "issued": "2026-10-01",
        "due": "2026-10-31",
        "kind": "380",
        "currency": "EUR",
        "order": "PO-7",
        "means": "58",
        "iban": "DE02120300000000202051",
        "bic": "BYLADEM1001",
        "seller": dict(SELLER),
        "buyer": dict(BUYER),
        **fields,
    }
    made["lines"] = [_line(number, line) for number, line in enumerate(lines or ({},), start=1)]
    made["reductions"] = [
        {"is_charge": False, "reason": "Rebate", "category": "S", "rate": "19", **each} for each in reductions
    ]
    made["taxes"] = _taxes(made, reasons or {})
    made["totals"] = _totals(made, paid, rounding)
    return made


def changed(whole, **changes):
    """Return a copy in which paths, with __ between names and numbers, have other values; None takes a value out."""
    made = copy.deepcopy(whole)
    for path, value in changes.items():
        *way, last = [int(name) if name.isdigit() else name for name in path.split("__")]
        inner = made
        for name in way:
            inner = inner[name]
        inner[last] = value
    return made


def _line(number, given):
    line = {"id": str(number), **LINE, "reductions": [], **given}
    line["reductions"] = [{"is_charge": False, "reason": "Rebate", **each} for each in line["reductions"]]
    if "net" not in line:
        off = sum(
            (Decimal(each["amount"]) * (1 if each["is_charge"] else -1) for each in line["reductions"]), Decimal(0)
        )
        line["net"] = str(
            cents(Decimal(line["quantity"]) * Decimal(line["price"]) / Decimal(line.get("price_for", "1")) + off)
        )
    return line


def _taxes(made, reasons):
    parts = [(line["category"], line.get("rate"), Decimal(line["net"])) for line in made["lines"]]
    parts += [
        (each["category"], each.get("rate"), Decimal(each["amount"]) * (1 if each["is_charge"] else -1))
        for each in made["reductions"]
    ]
    rows = []
    for (category, rate), group in groupby(
        sorted(parts, key=lambda part: (part[0], part[1] or "")), key=lambda part: part[:2]
    ):
        base = sum((part[2] for part in group), Decimal(0))
        amount = cents(base * Decimal(rate or 0) / 100)
        rows.append(
            {
                "category": category,
                "rate": rate,
                "base": str(cents(base)),
                "amount": str(amount),
                "reason": reasons.get(category),
            }
        )
    return rows


def _totals(made, paid, rounding):
    lines = sum((Decimal(line["net"]) for line in made["lines"]), Decimal(0))
    off = {
        is_it: sum((Decimal(each["amount"]) for each in made["reductions"] if each["is_charge"] == is_it), Decimal(0))
        for is_it in (False, True)
    }
    net, tax = lines - off[False] + off[True], sum((Decimal(row["amount"]) for row in made["taxes"]), Decimal(0))
    return {
        "lines": str(cents(lines)),
        "allowances": str(cents(off[False])) if off[False] else None,
        "charges": str(cents(off[True])) if off[True] else None,
        "without_tax": str(cents(net)),
        "tax": str(cents(tax)),
        "with_tax": str(cents(net + tax)),
        "paid": paid,
        "rounding": rounding,
        "payable": str(cents(net + tax - Decimal(paid or 0) + Decimal(rounding or 0))),
    }


def tag(name, text=None, *inner, **attributes):
    """Return an element with a text or others in it; "" for one without either."""
    body = escape(str(text)) if text is not None else "".join(inner)
    if not body:
        return ""
    return f"<{name}{''.join(f' {key}={quoteattr(value)}' for key, value in attributes.items())}>{body}</{name}>\n"


def as_ubl(made):
    """Return it in UBL 2.1."""
    is_credit = made["kind"] == "381"
    root, of_line, quantity = (
        ("CreditNote", "CreditNoteLine", "CreditedQuantity")
        if is_credit
        else ("Invoice", "InvoiceLine", "InvoicedQuantity")
    )
    unit = {"currencyID": made["currency"] or "EUR"}
    totals = made["totals"]
    body = [
        tag("cbc:CustomizationID", made["profile"]),
        tag("cbc:ID", made["number"]),
        tag("cbc:IssueDate", made["issued"]),
        "" if is_credit else tag("cbc:DueDate", made["due"]),
        tag(f"cbc:{root}TypeCode", made["kind"]),
        tag("cbc:TaxPointDate", made.get("tax_point")),
        tag("cbc:DocumentCurrencyCode", made["currency"]),
        tag("cbc:TaxCurrencyCode", made.get("tax_currency")),
        tag("cac:InvoicePeriod", None, tag("cbc:StartDate", made.get("begin")), tag("cbc:EndDate", made.get("end")), tag("cbc:DescriptionCode", made.get("tax_point_code"))),
        tag("cac:OrderReference", None, tag("cbc:ID", made["order"])),
        tag("cac:AccountingSupplierParty", None, tag("cac:Party", None, _ubl_party(made["seller"]))),
        tag("cac:AccountingCustomerParty", None, tag("cac:Party", None, _ubl_party(made["buyer"]))),
        tag("cac:PayeeParty", None, tag("cac:PartyIdentification", None, tag("cbc:ID", "P-1")), tag("cac:PartyName", None, tag("cbc:Name", made["payee"]))) if "payee" in made else "",
        tag("cac:Delivery", None, tag("cbc:ActualDeliveryDate", made.get("delivered")), tag("cac:DeliveryLocation", None, tag("cac:Address", None, tag("cac:Country", None, tag("cbc:IdentificationCode", made.get("to")))))),
        tag(
            "cac:PaymentMeans",
            None,
            tag("cbc:PaymentMeansCode", made["means"]) or ("<cbc:PaymentID>x</cbc:PaymentID>"),
            tag("cac:PayeeFinancialAccount", None, tag("cbc:ID", made["iban"]), tag("cac:FinancialInstitutionBranch", None, tag("cbc:ID", made["bic"]))),
        ),
        tag("cac:PaymentTerms", None, tag("cbc:Note", made.get("terms") or ("30 days" if is_credit else None))),
        "".join(_ubl_reduction(each, unit, is_whole=True) for each in made["reductions"]),
        tag("cac:TaxTotal", None, tag("cbc:TaxAmount", totals["tax"], **unit), *(_ubl_tax(row, unit) for row in made["taxes"])),
        tag("cac:TaxTotal", None, tag("cbc:TaxAmount", made.get("tax_in_tax_currency"), currencyID=made.get("tax_currency") or "")),
        tag(
            "cac:LegalMonetaryTotal",
            None,
            tag("cbc:LineExtensionAmount", totals["lines"], **unit),
            tag("cbc:TaxExclusiveAmount", totals["without_tax"], **unit),
            tag("cbc:TaxInclusiveAmount", totals["with_tax"], **unit),
            tag("cbc:AllowanceTotalAmount", totals["allowances"], **unit),
            tag("cbc:ChargeTotalAmount", totals["charges"], **unit),
            tag("cbc:PrepaidAmount", totals["paid"], **unit),
            tag("cbc:PayableRoundingAmount", totals["rounding"], **unit),
            tag("cbc:PayableAmount", totals["payable"], **unit),
        ),
    ]  # fmt: skip
    for line in made["lines"]:
        body.append(
            tag(
                f"cac:{of_line}",
                None,
                tag("cbc:ID", line["id"]),
                tag(f"cbc:{quantity}", line["quantity"], **({"unitCode": line["unit"]} if line["unit"] else {})),
                tag("cbc:LineExtensionAmount", line["net"], currencyID=line.get("currency") or unit["currencyID"]),
                *(_ubl_reduction(each, unit, is_whole=False) for each in line["reductions"]),
                tag(
                    "cac:Item",
                    None,
                    tag("cbc:Name", line["name"]),
                    tag("cac:SellersItemIdentification", None, tag("cbc:ID", line["item"])),
                    tag("cac:ClassifiedTaxCategory", None, *_ubl_category(line)) if line["category"] else "",
                ),
                tag("cac:Price", None, tag("cbc:PriceAmount", line["price"], **unit), tag("cbc:BaseQuantity", line.get("price_for"), unitCode=line["unit"] or "C62")),
            )
        )  # fmt: skip
    spaces = (
        f'xmlns="urn:oasis:names:specification:ubl:schema:xsd:{root}-2"'
        ' xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"'
        ' xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"'
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} {spaces}>\n{"".join(body)}</{root}>\n'.encode()


def _ubl_party(party):
    country = tag("cac:Country", None, tag("cbc:IdentificationCode", party["country"]))
    scheme = tag("cac:TaxScheme", None, tag("cbc:ID", "VAT"))
    return "".join(
        (
            tag("cac:PostalAddress", None, tag("cbc:CityName", party["city"]), country) if party["city"] else "",
            tag("cac:PartyTaxScheme", None, tag("cbc:CompanyID", party["vat"]), scheme) if party["vat"] else "",
            tag("cac:PartyLegalEntity", None, tag("cbc:RegistrationName", party["name"]), tag("cbc:CompanyID", party["legal"])),
        )
    )  # fmt: skip


def _ubl_category(row):
    return (
        tag("cbc:ID", row["category"]),
        tag("cbc:Percent", row.get("rate")),
        tag("cbc:TaxExemptionReason", row.get("reason") if "base" in row else None),
        tag("cac:TaxScheme", None, tag("cbc:ID", "VAT")),
    )


def _ubl_tax(row, unit):
    return tag("cac:TaxSubtotal", None, tag("cbc:TaxableAmount", row["base"], **unit), tag("cbc:TaxAmount", row["amount"], **unit), tag("cac:TaxCategory", None, *_ubl_category(row)))  # fmt: skip


def _ubl_reduction(each, unit, *, is_whole):
    return tag(
        "cac:AllowanceCharge",
        None,
        tag("cbc:ChargeIndicator", "true" if each["is_charge"] else "false"),
        tag("cbc:AllowanceChargeReason", each["reason"]),
        tag("cbc:Amount", each["amount"], **unit),
        tag("cac:TaxCategory", None, *_ubl_category({**each, "reason": None})) if is_whole and each["category"] else "",
    )


def as_cii(made):
    """Return it in UN/CEFACT CII."""
    totals, unit = made["totals"], {"currencyID": made["currency"] or "EUR"}
    lines = [
        tag(
            "ram:IncludedSupplyChainTradeLineItem",
            None,
            tag("ram:AssociatedDocumentLineDocument", None, tag("ram:LineID", line["id"])),
            tag("ram:SpecifiedTradeProduct", None, tag("ram:SellerAssignedID", line["item"]), tag("ram:Name", line["name"])),
            tag("ram:SpecifiedLineTradeAgreement", None, tag("ram:NetPriceProductTradePrice", None, tag("ram:ChargeAmount", line["price"]), tag("ram:BasisQuantity", line.get("price_for"), unitCode=line["unit"] or "C62"))),
            tag("ram:SpecifiedLineTradeDelivery", None, tag("ram:BilledQuantity", line["quantity"], **({"unitCode": line["unit"]} if line["unit"] else {}))),
            tag(
                "ram:SpecifiedLineTradeSettlement",
                None,
                tag("ram:ApplicableTradeTax", None, tag("ram:TypeCode", "VAT"), tag("ram:CategoryCode", line["category"]), tag("ram:RateApplicablePercent", line.get("rate"))),
                *(_cii_reduction(each, is_whole=False) for each in line["reductions"]),
                tag("ram:SpecifiedTradeSettlementLineMonetarySummation", None, tag("ram:LineTotalAmount", line["net"], **({"currencyID": line["currency"]} if line.get("currency") else {}))),
            ),
        )
        for line in made["lines"]
    ]  # fmt: skip
    agreed = tag(
        "ram:ApplicableHeaderTradeAgreement",
        None,
        tag("ram:SellerTradeParty", None, _cii_party(made["seller"])),
        tag("ram:BuyerTradeParty", None, _cii_party(made["buyer"])),
        tag("ram:BuyerOrderReferencedDocument", None, tag("ram:IssuerAssignedID", made["order"])),
    )
    delivered = tag(
        "ram:ApplicableHeaderTradeDelivery",
        None,
        tag("ram:ShipToTradeParty", None, tag("ram:PostalTradeAddress", None, tag("ram:CountryID", made.get("to")))),
        tag("ram:ActualDeliverySupplyChainEvent", None, _day("ram:OccurrenceDateTime", made.get("delivered"))),
    )
    account = tag("ram:PayeePartyCreditorFinancialAccount", None, tag("ram:IBANID", made["iban"]))
    bank = tag("ram:PayeeSpecifiedCreditorFinancialInstitution", None, tag("ram:BICID", made["bic"]))
    settled = tag(
        "ram:ApplicableHeaderTradeSettlement",
        None,
        tag("ram:TaxCurrencyCode", made.get("tax_currency")),
        tag("ram:InvoiceCurrencyCode", made["currency"]),
        tag("ram:PayeeTradeParty", None, tag("ram:ID", "P-1"), tag("ram:Name", made["payee"])) if "payee" in made else "",
        tag("ram:SpecifiedTradeSettlementPaymentMeans", None, tag("ram:TypeCode", made["means"]), account, bank),
        *(_cii_tax(row, made) for row in made["taxes"]),
        tag("ram:BillingSpecifiedPeriod", None, _day("ram:StartDateTime", made.get("begin")), _day("ram:EndDateTime", made.get("end"))),
        *(_cii_reduction(each, is_whole=True) for each in made["reductions"]),
        tag("ram:SpecifiedTradePaymentTerms", None, tag("ram:Description", made.get("terms")), _day("ram:DueDateDateTime", made["due"])),
        tag(
            "ram:SpecifiedTradeSettlementHeaderMonetarySummation",
            None,
            tag("ram:LineTotalAmount", totals["lines"]),
            tag("ram:ChargeTotalAmount", totals["charges"]),
            tag("ram:AllowanceTotalAmount", totals["allowances"]),
            tag("ram:TaxBasisTotalAmount", totals["without_tax"]),
            tag("ram:TaxTotalAmount", totals["tax"], **unit),
            tag("ram:TaxTotalAmount", made.get("tax_in_tax_currency"), currencyID=made.get("tax_currency") or ""),
            tag("ram:RoundingAmount", totals["rounding"]),
            tag("ram:GrandTotalAmount", totals["with_tax"]),
            tag("ram:TotalPrepaidAmount", totals["paid"]),
            tag("ram:DuePayableAmount", totals["payable"]),
        ),
    )  # fmt: skip
    head = tag("ram:ID", made["number"]) + tag("ram:TypeCode", made["kind"]) + _day("ram:IssueDateTime", made["issued"])
    context = tag("ram:GuidelineSpecifiedDocumentContextParameter", None, tag("ram:ID", made["profile"]))
    body = "".join(
        (
            f"<rsm:ExchangedDocumentContext>{context}</rsm:ExchangedDocumentContext>\n",
            tag("rsm:ExchangedDocument", None, head),
            tag(
                "rsm:SupplyChainTradeTransaction",
                None,
                *lines,
                agreed,
                delivered or "<ram:ApplicableHeaderTradeDelivery/>",
                settled,
            ),
        )
    )
    spaces = (
        'xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"'
        ' xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"'
        ' xmlns:qdt="urn:un:unece:uncefact:data:standard:QualifiedDataType:100"'
        ' xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"'
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<rsm:CrossIndustryInvoice {spaces}>\n{body}</rsm:CrossIndustryInvoice>\n'.encode()


def _day(name, iso):
    return tag(name, None, tag("udt:DateTimeString", iso.replace("-", ""), format="102")) if iso else ""


def _cii_party(party):
    return "".join(
        (
            tag("ram:Name", party["name"]),
            tag("ram:SpecifiedLegalOrganization", None, tag("ram:ID", party["legal"])),
            tag("ram:PostalTradeAddress", None, tag("ram:CityName", party["city"]), tag("ram:CountryID", party["country"])) if party["city"] else "",
            tag("ram:SpecifiedTaxRegistration", None, tag("ram:ID", party["vat"], schemeID="VA")),
        )
    )  # fmt: skip


def _cii_tax(row, made):
    return tag(
        "ram:ApplicableTradeTax",
        None,
        tag("ram:CalculatedAmount", row["amount"]),
        tag("ram:TypeCode", "VAT"),
        tag("ram:ExemptionReason", row["reason"]),
        tag("ram:BasisAmount", row["base"]),
        tag("ram:CategoryCode", row["category"]),
        tag(
            "ram:TaxPointDate",
            None,
            tag("udt:DateString", (made.get("tax_point") or "").replace("-", "") or None, format="102"),
        ),
        tag("ram:DueDateTypeCode", made.get("tax_point_code")),
        tag("ram:RateApplicablePercent", row["rate"]),
    )


def _cii_reduction(each, *, is_whole):
    return tag(
        "ram:SpecifiedTradeAllowanceCharge",
        None,
        tag("ram:ChargeIndicator", None, tag("udt:Indicator", "true" if each["is_charge"] else "false")),
        tag("ram:ActualAmount", each["amount"]),
        tag("ram:Reason", each["reason"]),
        tag("ram:CategoryTradeTax", None, tag("ram:TypeCode", "VAT"), tag("ram:CategoryCode", each["category"]), tag("ram:RateApplicablePercent", each.get("rate"))) if is_whole and each["category"] else "",
    )  # fmt: skip


def as_paper(lines):
    """Return lines of text as a PDF."""
    styles, out = getSampleStyleSheet(), BytesIO()
    SimpleDocTemplate(out).build([Paragraph(escape(line), styles["BodyText"]) for line in lines])
    return out.getvalue()


def as_pdf_with(lines, xml):
    """Return a PDF with lines of text on its page and an XML in it, whatever that is."""
    writer = PdfWriter(BytesIO(as_paper(lines)))
    writer.add_attachment("ZUGFeRD-invoice.xml", xml)
    written = BytesIO()
    writer.write(written)
    return written.getvalue()


def as_facturx(made, lines):
    """Return a PDF with lines of text on its page and CII in it."""
    return generate_from_binary(as_paper(lines), as_cii(made), check_xsd=False, check_schematron=False, lang="en")
