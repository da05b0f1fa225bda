"""Every format is read with its pages and headings; hostile files get a reason and take nothing down."""

import os
import time
from datetime import datetime

import pytest

from apps.knowledge.errors import UnreadableDocument
from apps.knowledge.parsers import parse_file, read_sheets, read_tree, sniff
from apps.knowledge.types import Sheet
from tests.blueprints.invoice_set import PLAIN
from tests.blueprints.invoices import as_facturx
from tests.knowledge import samples
from tests.peaks import peak_of_readers


READABLE = {
    *("deep.html", "polyglot.html", "xxe.docx", "xxe.xlsx", "wide.xlsx", "nested.eml", "bomb.eml", "broken.eml"),
}
"""Hostile files of which something can be read without harm."""


def read(tmp_path, name, data):
    path = tmp_path / "stored"
    path.write_bytes(data)
    return parse_file(path, sniff(name, data[:4096]))


def test_pdf_keeps_pages_and_headings(tmp_path):
    blocks = read(
        tmp_path, "a.pdf", samples.pdf(("Leave", "28 days a year.\nAsk early."), ("Sickness", "Call before 9:30."))
    )
    assert [(b.page, b.headings, b.text) for b in blocks] == [
        (1, ("Leave",), "28 days a year. Ask early."),
        (2, ("Sickness",), "Call before 9:30."),
    ]


def test_word_keeps_its_outline(tmp_path):
    blocks = read(
        tmp_path,
        "a.docx",
        samples.word(("h1", "Leave"), ("h2", "Annual"), ("p", "28 days."), ("h1", "Pay"), ("p", "Monthly.")),
    )
    assert [(b.headings, b.text) for b in blocks] == [(("Leave", "Annual"), "28 days."), (("Pay",), "Monthly.")]


def test_markdown_keeps_headings_and_tables(tmp_path):
    blocks = read(tmp_path, "a.md", b"# Prices\n\nAll in euro.\n\n| A | B |\n| - | - |\n| 1 | 2 |\n")
    assert [(b.headings, b.is_table) for b in blocks] == [(("Prices",), False), (("Prices",), True)]


def test_html_leaves_out_what_a_reader_does_not_see(tmp_path):
    page = b"<html><head><title>t</title><style>x{}</style></head><body><nav>menu</nav><h1>Leave</h1><p>28 <b>days</b>.</p><script>alert(1)</script><table><tr><td>a</td><td>b</td></tr></table></body></html>"
    assert [(b.headings, b.text) for b in read(tmp_path, "a.html", page)] == [
        (("Leave",), "28 days ."),
        (("Leave",), "a | b"),
    ]


@pytest.mark.parametrize(
    "data",
    ["Grüße aus Köln.".encode("cp1252"), "Grüße aus Köln.".encode("utf-16"), "Grüße aus Köln.".encode("utf-8-sig")],
)
def test_text_in_common_encodings(tmp_path, data):
    name = "a.txt"
    if b"\0" in data:
        with pytest.raises(UnreadableDocument):
            sniff(name, data)
        return
    assert read(tmp_path, name, data)[0].text == "Grüße aus Köln."


def test_excel_keeps_sheets_apart(tmp_path):
    book = samples.excel(
        Staff=[["Name", "Days", "Since"], ["Ann", 28.0, datetime(2020, 3, 1)], [None, None, None], ["Bo", 30, None]],
        Empty=[],
        Rates=[["Rate"], [0.19]],
    )
    blocks = read(tmp_path, "a.xlsx", book)
    assert [(b.headings, b.text, b.is_table) for b in blocks] == [
        (("Staff",), "Name | Days | Since\nAnn | 28 | 2020-03-01\nBo | 30", True),
        (("Rates",), "Rate\n0.19", True),
    ]


@pytest.mark.parametrize(
    "data", [b"a;b\n1;x y\n", b"a,b\n1,x y\n", b"a\tb\n1\tx y\n", 'a;b\n1;"x\n y"\n'.encode("utf-8-sig")]
)
def test_csv_by_its_delimiter(tmp_path, data):
    assert [b.text for b in read(tmp_path, "a.csv", data)] == ["a | b\n1 | x y"]


def test_slides_are_pages_with_tables_and_notes(tmp_path):
    deck = samples.slides(("Leave", "28 days."), ("Rates", [["Kind", "Rate"], ["full", "19"]]), notes="Say hello.")
    assert [(b.page, b.headings, b.text, b.is_table) for b in read(tmp_path, "a.pptx", deck)] == [
        (1, ("Leave",), "28 days.", False),
        (1, ("Leave",), "Say hello.", False),
        (2, ("Rates",), "Kind | Rate\nfull | 19", True),
        (2, ("Rates",), "Say hello.", False),
    ]


def test_xml_as_lines_under_their_paths(tmp_path):
    data = b'<?xml version="1.0"?><Order xmlns="urn:o"><Id>7</Id><!-- no --><Line><Item><Name>Desk</Name></Item><Qty unit="C62">2</Qty></Line></Order>'
    assert [(b.headings, b.text) for b in read(tmp_path, "a.xml", data)] == [
        (("Order",), "Id: 7"),
        (("Order", "Line"), "Line Item Name: Desk\nLine Qty: 2"),
    ]


def test_the_tree_of_xml_and_of_what_a_pdf_carries(tmp_path):
    path = tmp_path / "stored"
    path.write_bytes(b'<a xmlns="urn:o">\n <b id="1"> x </b>\n <b/>\n</a>')
    tree = read_tree(path, "xml")
    assert (tree.name, tree.namespace, [child.line for child in tree.children]) == ("a", "urn:o", [2, 3])
    assert (tree.first("b").text, tree.first("b").attributes, tree.first("c")) == ("x", {"id": "1"}, None)
    path.write_bytes(samples.pdf(("Leave", "28 days.")))
    assert read_tree(path, "pdf") is None
    path.write_bytes(as_facturx(PLAIN, ["An invoice"]))
    assert read_tree(path, "pdf").name == "CrossIndustryInvoice"


@pytest.mark.parametrize("name", ["laughs.xml", "xxe.xml", "deep.xml", "cut.xml"])
def test_no_tree_of_hostile_xml(tmp_path, name):
    path = tmp_path / "stored"
    path.write_bytes(samples.HOSTILE[name]())
    with pytest.raises(UnreadableDocument):
        read_tree(path, "xml")


def test_the_sheets_of_a_table(tmp_path):
    path = tmp_path / "stored"
    path.write_bytes(b"A;B\n1;2\n")
    assert read_sheets(path, "csv") == [Sheet("", (("A", "B"), ("1", "2")))]
    path.write_bytes(samples.excel(First=[["A"], [1.5]], Empty=[], Last=[["B"]]))
    assert [(sheet.name, sheet.rows) for sheet in read_sheets(path, "xlsx")] == [
        ("First", (("A",), ("1.5",))),
        ("Last", (("B",),)),
    ]


def test_json_as_tables_and_lines(tmp_path):
    data = b'{"name": "Acme", "staff": [{"who": "Ann", "days": 28}, {"who": "Bo"}], "house": {"lift": {"stuck": true}}}'
    assert [(b.headings, b.text, b.is_table) for b in read(tmp_path, "a.json", data)] == [
        ((), "name: Acme", False),
        (("staff",), "who | days\nAnn | 28\nBo | null", True),
        (("house",), "lift.stuck: true", False),
    ]


def test_mail_with_what_is_attached(tmp_path):
    message = samples.mail(
        attached=[
            ("leave.docx", samples.word(("h1", "Leave"), ("p", "28 days."))),
            ("photo.raw", b"\0\1"),
            samples.mail(subject="Before", body="The old offer."),
        ]
    )
    found = [(b.headings, b.text) for b in read(tmp_path, "a.eml", message.as_bytes())]
    assert found[0][0] == ("Offer",) and "From: ann@example.com" in found[0][1]
    assert found[1:] == [
        (("Offer",), "We offer 28 days."),
        (("leave.docx", "Leave"), "28 days."),
        (("photo.raw",), "(photo.raw)"),
        (("Before",), found[4][1]),
        (("Before",), "The old offer."),
    ]


def test_mail_that_is_html_alone(tmp_path):
    data = b"Subject: Hi\nContent-Type: text/html; charset=utf-8\n\n<p>Gr\xc3\xbc\xc3\x9fe</p><script>x</script>"
    assert [b.text for b in read(tmp_path, "a.eml", data)][-1] == "Grüße"


@pytest.mark.parametrize("name", sorted(samples.HOSTILE))
def test_hostile_file_gets_a_reason(tmp_path, name):
    data = samples.HOSTILE[name]()
    started = time.monotonic()
    with peak_of_readers(os.getpid()) as peak:
        try:
            blocks = read(tmp_path, name, data)
        except UnreadableDocument as error:
            assert len(error.sentence) > 10
        else:
            assert name in READABLE
            assert "root:" not in " ".join(b.text for b in blocks)
    assert time.monotonic() - started < 35
    assert peak.bytes <= 600 << 20
    assert not os.path.exists("/tmp/guildhall-slip")


def test_encrypted_file_says_so(tmp_path):
    with pytest.raises(UnreadableDocument) as error:
        read(tmp_path, "locked.pdf", samples.HOSTILE["locked.pdf"]())
    assert error.value.code == "encrypted"
