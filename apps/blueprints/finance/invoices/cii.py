"""Invoices in UN/CEFACT CII D16B and later: Factur-X, ZUGFeRD 2, XRechnung."""

from apps.blueprints.finance.invoices.model import Invoice, Line, Party, Payment, Reduction, Tax, Totals, Value
from apps.blueprints.finance.invoices.nodes import Node

ROOTS = ("CrossIndustryInvoice",)
NAMESPACE = "urn:un:unece:uncefact:data:standard:"
_MEANS = "PayeePartyCreditorFinancialAccount"


def read(root: Node) -> Invoice:
    """Return what a CrossIndustryInvoice states."""
    head, trade = root.first("ExchangedDocument"), root.first("SupplyChainTradeTransaction")
    agreed, delivery = trade.first("ApplicableHeaderTradeAgreement"), trade.first("ApplicableHeaderTradeDelivery")
    settled = trade.first("ApplicableHeaderTradeSettlement")
    currency, tax_currency = settled.value("InvoiceCurrencyCode"), settled.value("TaxCurrencyCode")
    payees = settled.all("PayeeTradeParty")
    representatives = agreed.all("SellerTaxRepresentativeTradeParty")
    return Invoice(
        syntax="cii",
        place=root.place,
        profile=root.value("ExchangedDocumentContext/GuidelineSpecifiedDocumentContextParameter/ID"),
        number=head.value("ID"),
        issued=head.value("IssueDateTime/DateTimeString"),
        kind=head.value("TypeCode"),
        currency=currency,
        tax_currency=tax_currency,
        tax_in_tax_currency=_tax_in(settled, tax_currency, but_not=currency),
        tax_point=settled.value("ApplicableTradeTax/TaxPointDate/DateString"),
        tax_point_code=settled.value("ApplicableTradeTax/DueDateTypeCode"),
        due=settled.value("SpecifiedTradePaymentTerms/DueDateDateTime/DateTimeString"),
        terms=settled.value("SpecifiedTradePaymentTerms/Description"),
        delivered=delivery.value("ActualDeliverySupplyChainEvent/OccurrenceDateTime/DateTimeString"),
        delivery_country=delivery.value("ShipToTradeParty/PostalTradeAddress/CountryID"),
        period=_period(settled),
        order=agreed.value("BuyerOrderReferencedDocument/IssuerAssignedID"),
        seller=_party(agreed.first("SellerTradeParty")),
        buyer=_party(agreed.first("BuyerTradeParty")),
        payee=_party(payees[0]) if payees else None,
        representative=_party(representatives[0]) if representatives else None,
        payments=[_payment(node) for node in settled.all("SpecifiedTradeSettlementPaymentMeans")],
        reductions=[_reduction(node) for node in settled.all("SpecifiedTradeAllowanceCharge")],
        taxes=[_tax(node) for node in settled.all("ApplicableTradeTax")],
        totals=_totals(settled, currency),
        lines=[_line(node) for node in trade.all("IncludedSupplyChainTradeLineItem")],
    )


def _period(settled: Node) -> tuple[Value | None, Value | None]:
    period = settled.first("BillingSpecifiedPeriod")
    return period.value("StartDateTime/DateTimeString"), period.value("EndDateTime/DateTimeString")


def _tax_in(settled: Node, currency: Value | None, *, but_not: Value | None = None) -> Value | None:
    """Return the VAT in a currency; one without a currency is in the invoice's."""
    if currency is None or (but_not is not None and but_not.text == currency.text):
        return None
    amounts = [node.own for node in settled.all("SpecifiedTradeSettlementHeaderMonetarySummation/TaxTotalAmount")]
    units = (currency.text,) if but_not is not None else (currency.text, "")
    return next((amount for amount in amounts if amount is not None and amount.unit in units), None)


def _totals(settled: Node, currency: Value | None) -> Totals:
    sums = settled.first("SpecifiedTradeSettlementHeaderMonetarySummation")
    return Totals(
        place=sums.place,
        lines=sums.value("LineTotalAmount"),
        allowances=sums.value("AllowanceTotalAmount"),
        charges=sums.value("ChargeTotalAmount"),
        without_tax=sums.value("TaxBasisTotalAmount"),
        tax=_tax_in(settled, currency) if currency else sums.value("TaxTotalAmount"),
        with_tax=sums.value("GrandTotalAmount"),
        paid=sums.value("TotalPrepaidAmount"),
        rounding=sums.value("RoundingAmount"),
        payable=sums.value("DuePayableAmount"),
    )


def _party(node: Node) -> Party:
    registrations = [own for each in node.all("SpecifiedTaxRegistration/ID") if (own := each.own) is not None]
    address = node.all("PostalTradeAddress")
    named = [*node.all("ID"), *node.all("GlobalID")]
    return Party(
        place=node.place,
        name=node.value("Name"),
        identifiers=[own for each in named if (own := each.own) is not None],
        legal_id=node.value("SpecifiedLegalOrganization/ID"),
        vat_id=next((each for each in registrations if each.unit in ("VA", "VAT")), None),
        tax_number=next((each for each in registrations if each.unit == "FC"), None),
        address=Value(text=address[0].path, place=address[0].place) if address else None,
        country=node.value("PostalTradeAddress/CountryID"),
    )


def _payment(node: Node) -> Payment:
    return Payment(
        place=node.place,
        means=node.value("TypeCode"),
        account=node.value(f"{_MEANS}/IBANID", f"{_MEANS}/ProprietaryID"),
        bank=node.value("PayeeSpecifiedCreditorFinancialInstitution/BICID"),
    )


def _reduction(node: Node) -> Reduction:
    indicator = node.value("ChargeIndicator/Indicator")
    return Reduction(
        place=node.place,
        is_charge=indicator is not None and indicator.text in ("true", "1"),
        amount=node.value("ActualAmount"),
        base=node.value("BasisAmount"),
        percent=node.value("CalculationPercent"),
        category=node.value("CategoryTradeTax/CategoryCode"),
        rate=node.value("CategoryTradeTax/RateApplicablePercent"),
        reason=node.value("Reason"),
        reason_code=node.value("ReasonCode"),
    )


def _tax(node: Node) -> Tax:
    return Tax(
        place=node.place,
        base=node.value("BasisAmount"),
        amount=node.value("CalculatedAmount"),
        category=node.value("CategoryCode"),
        rate=node.value("RateApplicablePercent"),
        reason=node.value("ExemptionReason"),
        reason_code=node.value("ExemptionReasonCode"),
    )


def _line(node: Node) -> Line:
    agreed, settled = node.first("SpecifiedLineTradeAgreement"), node.first("SpecifiedLineTradeSettlement")
    return Line(
        place=node.place,
        id=node.value("AssociatedDocumentLineDocument/LineID"),
        name=node.value("SpecifiedTradeProduct/Name"),
        item=node.value("SpecifiedTradeProduct/SellerAssignedID"),
        order_line=agreed.value("BuyerOrderReferencedDocument/LineID"),
        quantity=node.value("SpecifiedLineTradeDelivery/BilledQuantity"),
        price=agreed.value("NetPriceProductTradePrice/ChargeAmount"),
        gross_price=agreed.value("GrossPriceProductTradePrice/ChargeAmount"),
        price_for=agreed.value("NetPriceProductTradePrice/BasisQuantity"),
        net=settled.value("SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount"),
        category=settled.value("ApplicableTradeTax/CategoryCode"),
        rate=settled.value("ApplicableTradeTax/RateApplicablePercent"),
        reductions=[_reduction(each) for each in settled.all("SpecifiedTradeAllowanceCharge")],
    )
