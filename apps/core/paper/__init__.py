"""A result on paper: Markdown and its sources as PDF or as a Word file. No framework."""

from apps.core.paper.pdf import as_pdf
from apps.core.paper.types import Paper, Source, TooLong
from apps.core.paper.word import as_docx

__all__ = ["Paper", "Source", "TooLong", "as_docx", "as_pdf"]
