"""The invoice validator as people have it: files in, a verdict with places and receipts out."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.agents.blueprints.registry import all_blueprints, blueprint_named
from apps.agents.composing import fill_in
from apps.agents.models import FormFile, Run
from apps.agents.services import files, form_runs, studio
from apps.agents.types import AskedForm
from apps.providers.models import ProviderModel
from tests.agents.test_runs import finished
from tests.blueprints.invoice_set import PLAIN, TWO_RATES
from tests.blueprints.invoices import as_cii, as_facturx, as_paper, as_pdf_with, as_ubl, changed
from tests.conftest import api_for, client_for
from tests.standin.server import says

pytestmark = pytest.mark.django_db
PAPER = (
    "Nordlicht GmbH, Hamburg. VAT ID: DE136695976",
    "Invoice number: 2026-0815",
    "Invoice date: 1 October 2026. Due date: 31 October 2026",
    "Purchase order: PO-7",
    "10 desks at 120.00",
    "Subtotal EUR 1,200.00",
    "VAT 19 % EUR 228.00",
    "Total EUR 1,428.00",
    "Pay to IBAN DE02 1203 0000 0000 2020 51",
)
RECHNUNG = (
    "Nordlicht GmbH, USt-IdNr. DE136695976",
    "Rechnungsnummer: 2026-0815",
    "Rechnungsdatum: 01.10.2026, fällig am 31.10.2026",
    "Nettobetrag 1.200,00 EUR",
    "MwSt. 19 % 228,00 EUR",
    "Gesamtbetrag 1.438,00 EUR",
    "IBAN DE02 1203 0000 0000 2020 52",
)
FACTURE = (
    "Lumière SARL, Lyon. TVA FR40303265045",
    "Facture n° 2026-0815 du 7 août 2026",
    "Date limite de paiement le 6 septembre 2026",
    "Total HT : 1 200,00 €",
    "TVA 20,00 % : 240,00 €",
    "Total TTC : 1 440,00 €",
    "Net à payer 1 440,00 €",
)
PLAIN_WORDS = (
    "Invoice INV/2026/07",
    "Order ID: OD304175096047380001",
    "Order Date: 15-07-2026",
    "Date: 20-07-2026",
    "Total 100.00 119.00",
    "Total incl. VAT 119.00",
)
ORDERS = "Order,Supplier,Item,Quantity,Unit price\nPO-7,Nordlicht GmbH,D-1,8,115.00\nPO-8,Other Ltd,X-1,1,10.00\n"


@pytest.fixture
def validator(in_acme, admin_user):
    return studio.save_agent(
        actor=admin_user, values={"name": "Invoices"}, blueprint=blueprint_named("invoice_validator")
    )


@pytest.fixture
def validated(member, validator, work):
    def validate(data, name="invoice.xml", orders=None, by=member):
        given = {"invoice": _kept(by, name, data)}
        if orders is not None:
            given["orders"] = _kept(by, "orders.csv", orders.encode())
        run = form_runs.start_form_run(actor=by, agent=validator, given=given)
        work("agents")
        return finished(run)

    return validate


def _kept(person, name, data):
    return str(files.keep_file(actor=person, upload=SimpleUploadedFile(name, data)).pk)


def _rules(run):
    assert run.state == "succeeded", run.error
    return [finding["rule"] for finding in run.result["findings"]]


@pytest.mark.parametrize("data", [as_ubl(TWO_RATES), as_cii(TWO_RATES)], ids=["ubl", "cii"])
def test_an_invoice_in_xml_fits_and_every_sum_has_its_receipt(validated, data):
    run = validated(data)
    assert (_rules(run), run.result["verdict"]) == ([], "fits")
    assert "**It fits.**" in run.answer
    sums = {each["term"]: (each["computed"], each["how"]) for each in run.result["sums"]}
    assert sums["total with VAT (BT-112)"] == ("1,341.07", "1,129.97 + 211.10")
    assert sums["VAT of S 19 % (BT-117)"] == ("209.00", "1,100.00 × 19 %")
    assert sums["taxable amount of S 19 % (BT-116)"] == ("1,100.00", "1,200.00 − 100.00")


def test_what_is_wrong_comes_first_with_its_place(validated):
    run = validated(as_ubl(changed(PLAIN, totals__payable="1500.00", seller__vat="DE136695975")))
    assert (_rules(run), run.result["verdict"]) == (["BR-CO-16", "GH-VAT-ID"], "wrong")
    assert "Invoice/LegalMonetaryTotal/PayableAmount:" in run.result["findings"][0]["place"]
    assert "**Do not pay it like this.** 1 error was found." in run.answer


def test_the_xml_in_a_pdf_is_read_and_compared_with_its_pages(validated):
    fits = validated(as_facturx(PLAIN, PAPER), "invoice.pdf")
    assert (_rules(fits), fits.result["invoice"]["syntax"]) == ([], "cii")
    other = changed(PLAIN, number="2026-0816", lines__0__price="130.00", lines__0__net="1300.00", taxes__0__base="1300.00", taxes__0__amount="247.00", totals={**PLAIN["totals"], "lines": "1300.00", "without_tax": "1300.00", "tax": "247.00", "with_tax": "1547.00", "payable": "1547.00"})  # fmt: skip
    assert _rules(validated(as_facturx(other, PAPER), "invoice.pdf")) == ["GH-PAGES"]


def test_paper_is_read_by_its_wording(validated):
    run = validated(as_paper(PAPER), "invoice.pdf")
    invoice = run.result["invoice"]
    assert (_rules(run), invoice["syntax"], invoice["number"]["place"]) == ([], "paper", "p. 1")
    texts = {name: invoice[name]["text"] for name in ("number", "issued", "due", "order", "currency")}
    assert texts == {"number": "2026-0815", "issued": "2026-10-01", "due": "2026-10-31", "order": "PO-7", "currency": "EUR"}  # fmt: skip
    totals = {name: invoice["totals"][name]["text"] for name in ("without_tax", "tax", "with_tax")}
    assert totals == {"without_tax": "1200.00", "tax": "228.00", "with_tax": "1428.00"}


def test_german_paper_with_a_wrong_sum_and_account(validated):
    run = validated(as_paper(RECHNUNG), "rechnung.pdf")
    assert _rules(run) == ["BR-CO-15", "GH-IBAN"]


def test_french_paper(validated):
    run = validated(as_paper(FACTURE), "facture.pdf")
    invoice = run.result["invoice"]
    assert [each["rule"] for each in run.result["findings"]] == []
    texts = {name: invoice[name]["text"] for name in ("number", "issued", "due")}
    assert texts == {"number": "2026-0815", "issued": "2026-08-07", "due": "2026-09-06"}
    totals = {name: invoice["totals"][name]["text"] for name in ("without_tax", "tax", "with_tax", "payable")}
    assert totals == {"without_tax": "1200.00", "tax": "240.00", "with_tax": "1440.00", "payable": "1440.00"}


def test_what_only_looks_like_something_is_not_taken_for_it(validated):
    """An order's id is no IBAN, its day none of the invoice, of two amounts neither is the total, and a total with VAT is not the VAT."""
    run = validated(as_paper(PLAIN_WORDS), "invoice.pdf")
    invoice = run.result["invoice"]
    assert (_rules(run), run.result["verdict"]) == (["BR-06"], "look")
    assert "The name of the seller (BT-27) was not found on the pages." in run.answer
    assert (invoice["number"]["text"], invoice["issued"]["text"]) == ("INV/2026/07", "2026-07-20")
    assert (invoice["payments"], invoice["totals"]["with_tax"]["text"]) == ([], "119.00")
    assert (invoice["totals"]["tax"], invoice["totals"]["without_tax"]) == (None, None)


def test_an_account_without_its_name_is_found_by_its_check_digits(validated):
    account = validated(as_paper([*PLAIN_WORDS, "Bank: DE02 1203 0000 0000 2020 51"]), "invoice.pdf")
    assert account.result["invoice"]["payments"][0]["account"]["text"] == "DE02 1203 0000 0000 2020 51"


def test_of_a_pdf_with_another_xml_the_pages_are_read(validated):
    run = validated(as_pdf_with(PAPER, b"<CrossIndustryDocument xmlns='urn:ferd:1p0'/>"), "invoice.pdf")
    assert (_rules(run), run.result["verdict"]) == (["GH-XML"], "fits")
    assert run.result["invoice"]["totals"]["with_tax"]["text"] == "1428.00"
    assert "but a “CrossIndustryDocument”: its pages were read." in run.answer
    neither = validated(
        as_pdf_with(["Roses are red."], b"<CrossIndustryDocument xmlns='urn:ferd:1p0'/>"), "invoice.pdf"
    )
    assert neither.error.startswith("The XML is no invoice") and neither.error.endswith("Is this an invoice?")


def test_a_total_whose_tax_was_not_found_is_not_reckoned_without_it(validated):
    run = validated(as_paper([*PLAIN_WORDS, "Net total 100.00"]), "invoice.pdf")
    assert _rules(run) == ["BR-06"] and run.result["invoice"]["totals"]["without_tax"]["text"] == "100.00"


def test_a_model_reads_what_wording_does_not_find_and_invents_nothing(scripted, validated, validator):
    validator.model = ProviderModel.objects.get(name="scripted")
    validator.save()
    said = {name: "" for name in ("buyer", "issued", "due", "order", "vat_id", "iban", "rate", "payable")}
    said |= {
        "seller": "Nordlicht GmbH",
        "number": "RX 99",
        "without_tax": "1.200,00",
        "tax": "228,00",
        "with_tax": "9.999,00",
    }
    scripted.script(says(str(said).replace("'", '"')))
    lines = ("Nordlicht GmbH", "Our reference RX 99", "Goods 1.200,00", "Tax office 228,00", "Together 1.428,00 EUR")
    invoice = validated(as_paper(lines), "invoice.pdf").result["invoice"]
    assert (invoice["seller"]["name"]["text"], invoice["number"]["text"]) == ("Nordlicht GmbH", "RX 99")
    assert invoice["totals"]["with_tax"] is None


def test_an_invoice_is_compared_with_its_order(validated):
    run = validated(as_ubl(PLAIN), orders=ORDERS)
    assert sorted(_rules(run)) == ["GH-ORDER-PRICE", "GH-ORDER-QUANTITY", "GH-ORDER-TOTAL"]
    assert "The invoice is over its purchase order by 280.00: 1,200.00 − 920.00 (row 2 of the orders)." in run.answer


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"order": None}, "GH-ORDER-MISSING"),
        ({"order": "PO-99"}, "GH-ORDER-UNKNOWN"),
        ({"seller__name": "Fälscher AG"}, "GH-ORDER-SUPPLIER"),
        ({"currency": "USD"}, "GH-ORDER-CURRENCY"),
        ({"lines__0__name": "Lamp", "lines__0__item": "L-1"}, "GH-ORDER-ITEM"),
    ],
)
def test_an_invoice_that_is_not_what_was_ordered(validated, change, rule):
    orders = "Bestellnummer;Lieferant;Artikel;Menge;Preis;Währung\nPO 7;Nordlicht;D-1;10;120,00;EUR\n"
    assert rule in _rules(validated(as_ubl(changed(PLAIN, **change)), orders=orders))


def test_a_table_without_orders_says_so(validated):
    run = validated(as_ubl(PLAIN), orders="Name,Town\nA,B\n")
    assert (run.state, "no column “Order”" in run.error) == ("failed", True)


def test_the_same_invoice_is_known_again_whoever_brings_it(validated, admin_user, member):
    assert _rules(validated(as_ubl(PLAIN))) == []
    again = validated(as_cii(changed(PLAIN, number="2026 0815")), by=admin_user)
    assert _rules(again) == ["GH-DUPLICATE"]
    assert member.name in again.answer
    assert _rules(validated(as_ubl(changed(PLAIN, number="2026-0999")))) == []


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"<order><id>7</id></order>", "order.xml", "it is a “order”"),
        (b"<Invoice xmlns='urn:other'><ID>7</ID></Invoice>", "other.xml", "it is a “Invoice”"),
        (b"<Invoice><ID>7</Invoice>", "broken.xml", "damaged"),
        (b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>", "entity.xml", "damaged"),
        (as_paper(["Roses are red in the garden."]), "poem.pdf", "Is this an invoice?"),
    ],
)
def test_what_is_no_invoice_says_so(validated, data, name, words):
    run = validated(data, name)
    assert (run.state, words in run.error) == ("failed", True), run.error


def test_by_the_api(member, validator, work, acme):
    api = api_for(acme, member)
    file = api.post("/api/v1/files", {"file": SimpleUploadedFile("i.xml", as_ubl(PLAIN))}, format="multipart").json()
    started = api.post(f"/api/v1/agents/{validator.pk}/form", {"values": {"invoice": file["id"]}}, format="json")
    assert started.status_code == 202, started.json()
    work("agents")
    result = api.get(f"/api/v1/runs/{started.json()['id']}").json()["result"]
    assert (result["verdict"], result["mark"]) == ("fits", "de136695976|20260815")


def test_the_sample_that_ships(member, validator, work, acme):
    client = client_for(acme, member)
    page = client.post(f"/agents/{validator.pk}/form/", {"sample": "1"})
    content = page.content.decode()
    assert (page.status_code, "invoice.pdf" in content, "orders.csv" in content) == (200, True, True)
    keys = {file.name: str(file.pk) for file in FormFile.objects.filter(uploaded_by=member)}
    values = {"values-invoice": keys["invoice.pdf"], "values-orders": keys["orders.csv"]}
    assert client.post(f"/agents/{validator.pk}/form/", values).status_code == 302
    work("agents")
    found = _rules(Run.objects.latest("created_at"))
    assert sorted(found) == ["BR-CO-15", "GH-IBAN", "GH-ORDER-QUANTITY", "GH-ORDER-TOTAL"]


@pytest.mark.parametrize("blueprint", all_blueprints(), ids=lambda blueprint: blueprint.key)
def test_what_a_blueprint_can_be_tried_with_fits_its_form(in_acme, member, blueprint):
    values = files.sample_values(actor=member, blueprint=blueprint)
    needed = {variable.name for variable in blueprint.asks if variable.is_required and not variable.default}
    assert needed <= set(values)
    fill_in(AskedForm("", "", blueprint.asks, ""), values, member)
