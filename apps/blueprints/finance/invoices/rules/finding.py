"""Findings and computed sums, and where they are gathered."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from django.utils.translation import gettext as _

from apps.agents.blueprints import Typed
from apps.blueprints.figures import rounded, shown
from apps.blueprints.finance.invoices.model import Value

Severity = Literal["error", "warning", "note"]
ZERO = Decimal(0)


class Finding(Typed):
    """Something about an invoice: an error (do not pay it like this), a warning (look at it), or a note. `place` is where it stands."""

    rule: str
    severity: Severity
    message: str
    place: str


class Sum(Typed):
    """The receipt of a figure: what the invoice states, what comes out, and how that was computed; `place` is where the stated one stands."""

    term: str
    stated: str
    computed: str
    how: str
    is_equal: bool
    place: str


@dataclass(frozen=True)
class Computed:
    """What a term comes to, and how."""

    term: str
    number: Decimal
    how: str


@dataclass
class Notes:
    """Findings and sums, in the order in which they came up."""

    findings: list[Finding] = field(default_factory=list)
    sums: list[Sum] = field(default_factory=list)

    def add(self, rule: str, severity: Severity, message: str, place: str) -> None:
        self.findings.append(Finding(rule=rule, severity=severity, message=message, place=place))

    def compare(
        self, rule: str, stated: Value, computed: Computed, *, equal: Decimal = ZERO, minor: Decimal = ZERO
    ) -> None:
        """Leave a receipt. A difference beyond `equal` is a finding: up to `minor` a warning, else an error; what is no number says nothing."""
        if stated.number is None:
            return
        off = abs(rounded(computed.number) - stated.number)
        texts = {
            "term": computed.term,
            "stated": shown(stated.number),
            "computed": shown(rounded(computed.number)),
            "how": computed.how,
        }
        self.sums.append(Sum(**texts, is_equal=off <= equal, place=stated.place))
        if off > equal:
            words = _("The %(term)s is %(stated)s, and it comes to %(computed)s: %(how)s.")
            self.add(rule, "warning" if off <= minor else "error", words % texts, stated.place)
