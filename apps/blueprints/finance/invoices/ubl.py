"""Invoices and credit notes in UBL 2.1."""

from apps.blueprints.finance.invoices.model import Invoice, Line, Party, Payment, Reduction, Tax, Totals, Value
from apps.blueprints.finance.invoices.nodes import Node

ROOTS = ("Invoice", "CreditNote")
NAMESPACE = "urn:oasis:names:specification:ubl:schema:xsd:"


def read(root: Node) -> Invoice:
    """Return what an Invoice or a CreditNote states."""
    currency = root.value("DocumentCurrencyCode")
    period = root.first("InvoicePeriod")
    return Invoice(
        syntax="ubl",
        place=root.place,
        profile=root.value("CustomizationID"),
        number=root.value("ID"),
        issued=root.value("IssueDate"),
        kind=root.value("InvoiceTypeCode", "CreditNoteTypeCode"),
        currency=currency,
        tax_currency=root.value("TaxCurrencyCode"),
        tax_in_tax_currency=_tax_in(root, root.value("TaxCurrencyCode"), but_not=currency),
        tax_point=root.value("TaxPointDate"),
        tax_point_code=period.value("DescriptionCode"),
        due=root.value("DueDate", "PaymentMeans/PaymentDueDate"),
        terms=root.value("PaymentTerms/Note"),
        delivered=root.value("Delivery/ActualDeliveryDate"),
        delivery_country=root.value("Delivery/DeliveryLocation/Address/Country/IdentificationCode"),
        period=(period.value("StartDate"), period.value("EndDate")),
        order=root.value("OrderReference/ID"),
        seller=_party(root.first("AccountingSupplierParty/Party")),
        buyer=_party(root.first("AccountingCustomerParty/Party")),
        payee=_party(root.first("PayeeParty")) if root.all("PayeeParty") else None,
        representative=_party(root.first("TaxRepresentativeParty")) if root.all("TaxRepresentativeParty") else None,
        payments=[_payment(node) for node in root.all("PaymentMeans")],
        reductions=[_reduction(node) for node in root.all("AllowanceCharge")],
        taxes=[_tax(node) for node in root.all("TaxTotal/TaxSubtotal")],
        totals=_totals(root, currency),
        lines=[_line(node) for name in ("InvoiceLine", "CreditNoteLine") for node in root.all(name)],
    )


def _tax_in(root: Node, currency: Value | None, *, but_not: Value | None = None) -> Value | None:
    """Return the VAT in a currency."""
    if currency is None or (but_not is not None and but_not.text == currency.text):
        return None
    amounts = (node.value("TaxAmount") for node in root.all("TaxTotal"))
    return next((amount for amount in amounts if amount is not None and amount.unit == currency.text), None)


def _totals(root: Node, currency: Value | None) -> Totals:
    sums = root.first("LegalMonetaryTotal")
    return Totals(
        place=sums.place,
        lines=sums.value("LineExtensionAmount"),
        allowances=sums.value("AllowanceTotalAmount"),
        charges=sums.value("ChargeTotalAmount"),
        without_tax=sums.value("TaxExclusiveAmount"),
        tax=_tax_in(root, currency) or root.value("TaxTotal/TaxAmount"),
        with_tax=sums.value("TaxInclusiveAmount"),
        paid=sums.value("PrepaidAmount"),
        rounding=sums.value("PayableRoundingAmount"),
        payable=sums.value("PayableAmount"),
    )


def _party(node: Node) -> Party:
    schemes = node.all("PartyTaxScheme")
    is_vat = [(scheme.value("TaxScheme/ID") or _NO_SCHEME).text.upper() == "VAT" for scheme in schemes]
    vat = [scheme.value("CompanyID") for scheme, is_it in zip(schemes, is_vat, strict=True) if is_it]
    others = [scheme.value("CompanyID") for scheme, is_it in zip(schemes, is_vat, strict=True) if not is_it]
    address = node.all("PostalAddress")
    return Party(
        place=node.place,
        name=node.value("PartyLegalEntity/RegistrationName", "PartyName/Name"),
        identifiers=[own for each in node.all("PartyIdentification/ID") if (own := each.own) is not None],
        legal_id=node.value("PartyLegalEntity/CompanyID"),
        vat_id=next(filter(None, vat), None),
        tax_number=next(filter(None, others), None),
        address=Value(text=address[0].path, place=address[0].place) if address else None,
        country=node.value("PostalAddress/Country/IdentificationCode"),
    )


_NO_SCHEME = Value(text="", place="")


def _payment(node: Node) -> Payment:
    return Payment(
        place=node.place,
        means=node.value("PaymentMeansCode"),
        account=node.value("PayeeFinancialAccount/ID"),
        bank=node.value("PayeeFinancialAccount/FinancialInstitutionBranch/ID"),
    )


def _reduction(node: Node) -> Reduction:
    indicator = node.value("ChargeIndicator")
    return Reduction(
        place=node.place,
        is_charge=indicator is not None and indicator.text in ("true", "1"),
        amount=node.value("Amount"),
        base=node.value("BaseAmount"),
        percent=node.value("MultiplierFactorNumeric"),
        category=node.value("TaxCategory/ID"),
        rate=node.value("TaxCategory/Percent"),
        reason=node.value("AllowanceChargeReason"),
        reason_code=node.value("AllowanceChargeReasonCode"),
    )


def _tax(node: Node) -> Tax:
    return Tax(
        place=node.place,
        base=node.value("TaxableAmount"),
        amount=node.value("TaxAmount"),
        category=node.value("TaxCategory/ID"),
        rate=node.value("TaxCategory/Percent"),
        reason=node.value("TaxCategory/TaxExemptionReason"),
        reason_code=node.value("TaxCategory/TaxExemptionReasonCode"),
    )


def _line(node: Node) -> Line:
    return Line(
        place=node.place,
        id=node.value("ID"),
        name=node.value("Item/Name"),
        item=node.value("Item/SellersItemIdentification/ID"),
        order_line=node.value("OrderLineReference/LineID"),
        quantity=node.value("InvoicedQuantity", "CreditedQuantity"),
        price=node.value("Price/PriceAmount"),
        gross_price=node.value("Price/AllowanceCharge/BaseAmount"),
        price_for=node.value("Price/BaseQuantity"),
        net=node.value("LineExtensionAmount"),
        category=node.value("Item/ClassifiedTaxCategory/ID"),
        rate=node.value("Item/ClassifiedTaxCategory/Percent"),
        reductions=[_reduction(each) for each in node.all("AllowanceCharge")],
    )
