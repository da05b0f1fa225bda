"""Files for tests, good and hostile, made here."""

import io
import zipfile
from email.message import EmailMessage

import docx
import openpyxl
import pptx
from reportlab.lib import pdfencrypt
from reportlab.pdfgen import canvas


def pdf(*pages, password=""):
    out = io.BytesIO()
    lock = pdfencrypt.StandardEncryption(password) if password else None
    page = canvas.Canvas(out, invariant=1, encrypt=lock)
    for heading, text in pages:
        page.setFont("Helvetica", 18)
        page.drawString(72, 760, heading)
        page.setFont("Helvetica", 11)
        for number, line in enumerate(text.split("\n")):
            page.drawString(72, 730 - 14 * number, line)
        page.showPage()
    page.save()
    return out.getvalue()


def word(*paragraphs):
    document = docx.Document()
    for style, text in paragraphs:
        document.add_heading(text, int(style[1])) if style.startswith("h") else document.add_paragraph(text)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def excel(**sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def slides(*pages, notes=""):
    """A deck whose pages are (title, text) or (title, rows of a table)."""
    deck = pptx.Presentation()
    for title, body in pages:
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = title
        if isinstance(body, str):
            slide.placeholders[1].text = body
        else:
            size = pptx.util.Inches(4)
            table = slide.shapes.add_table(len(body), len(body[0]), size, size, size, size).table
            for line, row in enumerate(body):
                for place, cell in enumerate(row):
                    table.cell(line, place).text = cell
        if notes:
            slide.notes_slide.notes_text_frame.text = notes
    out = io.BytesIO()
    deck.save(out)
    return out.getvalue()


def mail(subject="Offer", body="We offer 28 days.", attached=(), html=""):
    """A message as it is saved; `attached` are (name, bytes) and messages."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "ann@example.com", "bo@example.com", subject
    message["Date"] = "Mon, 02 Nov 2026 09:00:00 +0100"
    message.set_content(body)
    if html:
        message.add_alternative(html, subtype="html")
    for each in attached:
        if isinstance(each, EmailMessage):
            message.add_attachment(each)
        else:
            message.add_attachment(each[1], maintype="application", subtype="octet-stream", filename=each[0])
    return message


def with_part(good, name, data):
    """An archive with one member put in place of its own."""
    source = zipfile.ZipFile(io.BytesIO(good))
    return archive({each: source.read(each) for each in source.namelist()} | {name: data})


def nested(depth):
    """A message inside a message, so many times."""
    message = mail()
    for _ in range(depth):
        message = mail(attached=[message])
    return message.as_bytes()


def archive(files, compression=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as target:
        for name, data in files.items():
            target.writestr(name, data)
    return out.getvalue()


def with_document(xml):
    """A DOCX whose main part is this XML."""
    return with_part(word(("p", "x")), "word/document.xml", xml)


LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
    + "".join(
        f'<!ENTITY {chr(98 + n)} "{"&" + chr(97 + n) + ";" * 1}{("&" + chr(97 + n) + ";") * 9}">' for n in range(10)
    )
    + ']><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>&k;</w:t></w:r></w:p></w:body></w:document>'
).encode()
XXE = (
    '<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>&x;</w:t></w:r></w:p></w:body></w:document>'
).encode()


def pdf_bomb():
    """A small PDF whose one stream unpacks to 800 MB."""
    import zlib

    packer = zlib.compressobj(9)
    body = b"".join(packer.compress(b" " * (1 << 20)) for _ in range(800)) + packer.flush()
    parts = [
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n",
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>endobj\n",
        b"4 0 obj<</Length "
        + str(len(body)).encode()
        + b"/Filter/FlateDecode>>stream\n"
        + body
        + b"\nendstream endobj\n",
        b"trailer<</Root 1 0 R>>\n",
    ]
    return b"".join(parts)


def png_flood():
    """A small picture of 900 million dots."""
    import struct
    import zlib

    def part(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    side = 30_000
    packer = zlib.compressobj(9)
    body = b"".join(packer.compress(bytes(1 + side // 8)) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", body) + part(b"IEND", b"")


HOSTILE = {
    "empty.pdf": lambda: b"",
    "noise.pdf": lambda: b"%PDF-1.7\n" + bytes(range(256)) * 50,
    "cut.pdf": lambda: pdf(("Head", "text " * 200))[:600],
    "locked.pdf": lambda: pdf(("Head", "secret"), password="x"),
    "bomb.pdf": pdf_bomb,
    "bomb.docx": lambda: archive({"word/document.xml": b" " * (300 << 20)}),
    "dense.docx": lambda: with_document(b"<a>" + b" " * (60 << 20) + b"</a>"),
    "many.docx": lambda: archive({f"f{n}": b"" for n in range(6_000)}),
    "quine.docx": lambda: archive({"word/document.xml": archive({"word/document.xml": b"x" * 1000})}),
    "laughs.docx": lambda: with_document(LAUGHS),
    "xxe.docx": lambda: with_document(XXE),
    "slip.docx": lambda: archive({"../../../../tmp/guildhall-slip": b"x", "word/document.xml": b"x"}),
    "notzip.docx": lambda: b"PK\x03\x04" + b"\0" * 500,
    "flood.png": png_flood,
    "torn.tiff": lambda: b"II*\0" + b"\xff" * 500,
    "exe.txt": lambda: b"\x7fELF" + b"\0" * 500,
    "png.md": lambda: b"\x89PNG\r\n\x1a\n" + b"\0" * 500,
    "pdf.docx": lambda: pdf(("Head", "text")),
    "deep.html": lambda: b"<div>" * 200_000 + b"x",
    "blank.txt": lambda: b" \n" * 1000,
    "polyglot.html": lambda: b"<p>hello there</p>" + pdf(("Head", "text")),
    "drawing.dwg": lambda: b"AC1032",
    "bomb.xlsx": lambda: archive({"xl/workbook.xml": b" " * (300 << 20)}),
    "dense.xlsx": lambda: with_part(excel(A=[["x"]]), "xl/worksheets/sheet1.xml", b"<a>" + b" " * (60 << 20) + b"</a>"),
    "laughs.xlsx": lambda: with_part(excel(A=[["x"]]), "xl/workbook.xml", LAUGHS),
    "xxe.xlsx": lambda: with_part(excel(A=[["x"]]), "xl/sharedStrings.xml", XXE),
    "many.xlsx": lambda: archive({f"f{n}": b"" for n in range(6_000)}),
    "docx.xlsx": lambda: word(("p", "x")),
    "wide.xlsx": lambda: excel(A=[list(range(16_000))] * 20),
    "notzip.xlsx": lambda: b"PK\x03\x04" + b"\0" * 500,
    "bomb.pptx": lambda: archive({"ppt/presentation.xml": b" " * (300 << 20)}),
    "laughs.pptx": lambda: with_part(slides(("A", "b")), "ppt/presentation.xml", LAUGHS),
    "slip.pptx": lambda: archive({"../../../../tmp/guildhall-slip": b"x", "ppt/presentation.xml": b"x"}),
    "cut.pptx": lambda: slides(("A", "b"))[:4000],
    "deep.json": lambda: b"[" * 200_000,
    "digits.json": lambda: b"[" + b"9" * 5_000_000 + b"]",
    "cut.json": lambda: b'{"a": [1, 2',
    "laughs.xml": lambda: LAUGHS,
    "xxe.xml": lambda: XXE,
    "deep.xml": lambda: b"<a>" * 100_000 + b"</a>" * 100_000,
    "flood.xml": lambda: b"<a>" + b"<b>1</b>" * 6_000_000 + b"</a>",
    "cut.xml": lambda: b"<a><b>1",
    "exe.csv": lambda: b"\x7fELF" + b"\0" * 500,
    "quote.csv": lambda: b'a,b\n1,"' + b"x,\n" * 3_000_000,
    "nested.eml": lambda: nested(60),
    "bomb.eml": lambda: mail(attached=[("b.docx", archive({"word/document.xml": b" " * (300 << 20)}))]).as_bytes(),
    "broken.eml": lambda: (
        b"Subject: =?x?Q?=ff?=\nContent-Type: text/plain; charset=nothing\nContent-Transfer-Encoding: base64\n\n***"
    ),
}
