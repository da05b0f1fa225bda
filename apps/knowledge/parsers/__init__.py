"""From a file to blocks of text, in a limited child process a document."""

from apps.knowledge.parsers.isolation import parse_file
from apps.knowledge.parsers.kinds import ACCEPTED, sniff

__all__ = ["ACCEPTED", "parse_file", "sniff"]
