"""From a file to blocks of text, in a limited child process a document."""

from apps.knowledge.parsers.isolation import ask_table, draw_page, parse_file, read_file, read_scan, unreadable
from apps.knowledge.parsers.kinds import ACCEPTED, TABULAR, sniff
from apps.knowledge.parsers.scans import scan_languages

__all__ = [
    "ACCEPTED",
    "TABULAR",
    "ask_table",
    "draw_page",
    "parse_file",
    "read_file",
    "read_scan",
    "scan_languages",
    "sniff",
    "unreadable",
]
