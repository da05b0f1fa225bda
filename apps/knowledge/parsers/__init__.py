"""From a file to blocks of text, in a limited child process a document."""

from apps.knowledge.parsers.isolation import ask_table, parse_file
from apps.knowledge.parsers.kinds import ACCEPTED, TABULAR, sniff

__all__ = ["ACCEPTED", "TABULAR", "ask_table", "parse_file", "sniff"]
