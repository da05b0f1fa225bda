"""`manage.py build_demo_documents`: write the demo's PDF, DOCX and Markdown files from their Markdown sources.

For developers, after a change of the sources: it needs reportlab, which is a test requirement.
"""

import re
from pathlib import Path
from typing import Any

import docx
from django.core.management.base import BaseCommand

from apps.dashboard.demo.seed import FOLDER, TENANTS

FACTS = {
    "acme": {
        "leave_days": "28",
        "parental_weeks": "14",
        "certificate_day": "fourth",
        "meal_allowance": "28",
        "hotel_limit": "140",
        "remote_days": "three",
        "rfp_number": "ACM-2026-117",
        "rfp_deadline": "8 January 2027",
        "rfp_budget": "420,000",
        "price_s100": "135.00",
        "price_technician": "98.00",
        "price_premium": "690.00",
        "discount_large": "8",
    },
    "globex": {
        "leave_days": "25",
        "parental_weeks": "18",
        "certificate_day": "third",
        "meal_allowance": "32",
        "hotel_limit": "125",
        "remote_days": "two",
        "rfp_number": "GLX-26-0042",
        "rfp_deadline": "15 January 2027",
        "rfp_budget": "310,000",
        "price_s100": "142.00",
        "price_technician": "104.00",
        "price_premium": "640.00",
        "discount_large": "6",
    },
}
FILES = {
    "acme": {
        "handbook": "Staff handbook.pdf",
        "rfp": "RFP maintenance system.docx",
        "price-list": "Price list 2027.md",
    },
    "globex": {
        "handbook": "Staff handbook.docx",
        "rfp": "RFP maintenance system.md",
        "price-list": "Price list 2027.pdf",
    },
}


class Command(BaseCommand):
    help = "Build the demo documents from their sources."

    def handle(self, *args: Any, **options: Any) -> None:
        for slug, company in TENANTS.items():
            folder = FOLDER / slug
            folder.mkdir(exist_ok=True)
            for source, name in FILES[slug].items():
                text = (
                    (FOLDER / "sources" / f"{source}.md").read_text().format(company=company, slug=slug, **FACTS[slug])
                )
                _WRITERS[Path(name).suffix](text, folder / name)
                self.stdout.write(f"{slug}/{name}")


def _paragraphs(text: str) -> list[tuple[str, Any]]:
    """Return (h1|h2|h3|p|table, content) in order."""
    found: list[tuple[str, Any]] = []
    for block in re.split(r"\n\s*\n", text.strip()):
        heading = re.match(r"(#{1,3}) (.+)", block)
        if heading:
            found.append((f"h{len(heading[1])}", heading[2]))
        elif block.startswith("|"):
            rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]
            found.append(("table", [row for row in rows if not set("".join(row)) <= {"-", " "}]))
        else:
            found.append(("p", " ".join(block.split())))
    return found


def _write_markdown(text: str, path: Path) -> None:
    path.write_text(text)


def _write_docx(text: str, path: Path) -> None:
    document = docx.Document()
    for kind, content in _paragraphs(text):
        if kind == "table":
            table = document.add_table(0, len(content[0]))
            for row in content:
                for cell, value in zip(table.add_row().cells, row, strict=True):
                    cell.text = value
        elif kind == "p":
            document.add_paragraph(content)
        else:
            document.add_heading(content, level=int(kind[1]) - 1)
    document.save(str(path))


def _write_pdf(text: str, path: Path) -> None:
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table

    styles = getSampleStyleSheet()
    names = {"h1": "Title", "h2": "Heading1", "h3": "Heading2", "p": "BodyText"}
    story: list[Any] = []
    for kind, content in _paragraphs(text):
        if kind == "table":
            story += [Table(content, hAlign="LEFT"), Spacer(1, 8)]
        else:
            story.append(Paragraph(content, styles[names[kind]]))
    SimpleDocTemplate(str(path), pagesize=A4, invariant=1, title=path.stem).build(story)


_WRITERS = {".md": _write_markdown, ".docx": _write_docx, ".pdf": _write_pdf}
