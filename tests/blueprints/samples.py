"""Files that blueprints read in tests and pictures."""

from io import BytesIO

from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate

TENDER = (
    (
        "<h>Call for tenders: cleaning of schools",
        "The city of Norderfurt wants to have eleven schools cleaned for four years.",
        "Offers must be submitted no later than 14 March 2027, 12:00. Questions may be sent until 2027-02-19.",
    ),
    (
        "<h>3 Services",
        "3.1 The contractor shall clean every classroom each working day.",
        "3.2 Cleaning agents should carry a recognised environmental label.",
        "The schools have about 240 classrooms in all. The contractor may subcontract up to 30 % of the work.",
        "Staff must not enter laboratories, e.g. for chemistry, without being told to.",
    ),
    (
        "<h>4 Evaluation criteria",
        "Price: 60 %",
        "Quality of the concept: 40 %",
        "The contract starts on 1 August 2027.",
    ),
)


def tender_pdf():
    """Return a small call for tenders as a PDF, a page of TENDER a page."""
    styles, out = getSampleStyleSheet(), BytesIO()
    parts = []
    for page in TENDER:
        for text in page:
            is_title = text.startswith("<h>")
            parts.append(Paragraph(text.removeprefix("<h>"), styles["Heading1" if is_title else "BodyText"]))
        parts.append(PageBreak())
    SimpleDocTemplate(out).build(parts)
    return out.getvalue()
