"""The rules of the invoice validator on its evaluation set, beside those that CEN publishes."""

from datetime import date

import pytest
from lxml import etree

from apps.blueprints.finance.invoices import cii, rules, ubl
from apps.blueprints.finance.invoices.nodes import Node
from apps.blueprints.finance.invoices.results import verdict_of
from apps.knowledge.parsers import tree_child
from apps.knowledge.parsers.isolation import _element
from tests.blueprints.invoice_set import FAULTS, VALID
from tests.blueprints.invoices import as_cii, as_ubl, changed
from tests.blueprints.schematron import broken_rules

TODAY = date(2026, 11, 1)
WRITERS = {"ubl": as_ubl, "cii": as_cii}
READERS = {"ubl": ubl.read, "cii": cii.read}
INSTEAD = {"BR-61": "CII-SR-470", "BR-CL": "is not allowed"}
"""What CEN's rules for CII say in other words: by the beginning of ours, what stands in theirs."""
EVERY_FAULT = [(name, syntax) for name, fault in FAULTS.items() for syntax in fault.syntaxes]


def checked(made, syntax):
    tree = _element(tree_child._element(etree, etree.fromstring(WRITERS[syntax](made)), 0))
    return rules.check(READERS[syntax](Node(tree, tree.name)), TODAY)


def test_the_set_is_large_enough():
    assert (len(VALID) * 2, len(EVERY_FAULT)) == (46, 201)


@pytest.mark.parametrize("syntax", WRITERS)
@pytest.mark.parametrize("name", VALID)
def test_nothing_is_found_on_an_invoice_without_a_fault(name, syntax):
    notes = checked(VALID[name], syntax)
    assert [(each.rule, each.message) for each in notes.findings] == []
    assert notes.sums
    assert all(each.is_equal for each in notes.sums)
    assert broken_rules(WRITERS[syntax](VALID[name]), syntax) == set()


@pytest.mark.parametrize(("name", "syntax"), EVERY_FAULT)
def test_a_fault_is_found_and_no_rule_named_that_does_not_say_so(name, syntax):
    fault = FAULTS[name]
    notes = checked(fault.invoice, syntax)
    found = {each.rule for each in notes.findings}
    assert fault.rules <= found
    assert all(each.place.rpartition(":")[2].isdigit() for each in notes.findings)
    if name == "no number in an amount":  # theirs stops at it
        return
    official = broken_rules(WRITERS[syntax](fault.invoice), syntax)
    errors = {each.rule for each in notes.findings if each.severity == "error" and each.rule.startswith("BR")}
    for rule in errors - official:
        words = next((words for start, words in INSTEAD.items() if rule.startswith(start)), "–")
        assert any(words in theirs for theirs in official), rule
    if any(rule.startswith("BR") for rule in fault.rules) and official:
        assert verdict_of(notes.findings) == "wrong"


def test_a_finding_names_the_line_of_the_file():
    made = changed(VALID["two rates and an allowance"], lines__1__net="99.99")
    lines = as_ubl(made).decode().splitlines()
    [finding] = [each for each in checked(made, "ubl").findings if each.rule == "GH-LINE"]
    path, _colon, line = finding.place.rpartition(":")
    assert path == "Invoice/InvoiceLine[2]/LineExtensionAmount"
    assert "99.99" in lines[int(line) - 1]
    assert finding.message == "The amount of line 2 (BT-131) is 99.99, and it comes to 29.97: 3 × 9.99."


def test_a_profile_without_lines_is_not_asked_for_them():
    made = changed(VALID["plain"], profile="urn:factur-x.eu:1p0:minimum", lines=[], taxes=[], due=None)
    assert [each.rule for each in checked(made, "cii").findings] == []


def test_the_least_profile_does_not_say_what_was_paid_before():
    paid = changed(
        VALID["paid in part"], profile="urn:factur-x.eu:1p0:minimum", lines=[], taxes=[], due=None, totals__paid=None
    )
    assert [each.rule for each in checked(paid, "cii").findings] == []
    more = changed(paid, profile="urn:factur-x.eu:1p0:basicwl")
    assert "BR-CO-16" in [each.rule for each in checked(more, "cii").findings]
