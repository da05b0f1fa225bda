"""From a file to blocks of text, in a limited child process a document."""

from apps.knowledge.parsers.isolation import (
    ask_table,
    draw_page,
    outline_code,
    parse_file,
    read_archive,
    read_file,
    read_scan,
    read_sheets,
    read_tree,
    unreadable,
)
from apps.knowledge.parsers.kinds import ACCEPTED, ACCEPTED_IN_FORMS, CODE_SUFFIXES, STRUCTURED, TABULAR, sniff
from apps.knowledge.parsers.scans import scan_languages

__all__ = [
    "ACCEPTED",
    "ACCEPTED_IN_FORMS",
    "CODE_SUFFIXES",
    "STRUCTURED",
    "TABULAR",
    "ask_table",
    "draw_page",
    "outline_code",
    "parse_file",
    "read_archive",
    "read_file",
    "read_scan",
    "read_sheets",
    "read_tree",
    "scan_languages",
    "sniff",
    "unreadable",
]
