"""Files for tests, good and hostile, made here."""

import io
import zipfile

import docx
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


def archive(files, compression=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as target:
        for name, data in files.items():
            target.writestr(name, data)
    return out.getvalue()


def with_document(xml):
    """A DOCX whose main part is this XML."""
    good = zipfile.ZipFile(io.BytesIO(word(("p", "x"))))
    files = {name: good.read(name) for name in good.namelist()}
    return archive(files | {"word/document.xml": xml})


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
    "exe.txt": lambda: b"\x7fELF" + b"\0" * 500,
    "png.md": lambda: b"\x89PNG\r\n\x1a\n" + b"\0" * 500,
    "pdf.docx": lambda: pdf(("Head", "text")),
    "deep.html": lambda: b"<div>" * 200_000 + b"x",
    "blank.txt": lambda: b" \n" * 1000,
    "polyglot.html": lambda: b"<p>hello there</p>" + pdf(("Head", "text")),
    "drawing.dwg": lambda: b"AC1032",
}
