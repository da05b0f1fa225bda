"""An invoice by the terms of EN 16931, as a file states it: each value as text, with its place. Numbers like BT-1 are the standard's."""

import re
from datetime import date
from decimal import Decimal
from typing import Literal

from apps.agents.blueprints import Typed

Syntax = Literal["ubl", "cii", "paper"]
_NUMBER = re.compile(r"[+-]?\d{1,20}(?:\.\d{1,12})?")
_DAY = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?:Z|[+-]\d{2}:\d{2})?")


class Value(Typed):
    """What stands at a place, which is a path with the line behind it, or a page; `unit` is an amount's currency, a quantity's unit, an id's scheme."""

    text: str
    place: str
    unit: str = ""

    @property
    def number(self) -> Decimal | None:
        """Return it as a number; None when it is none."""
        return Decimal(self.text) if _NUMBER.fullmatch(self.text) else None

    @property
    def day(self) -> date | None:
        """Return it as a day; None when it is none."""
        found = _DAY.fullmatch(self.text)
        try:
            return date(*map(int, found.groups())) if found else None
        except ValueError:
            return None


class Party(Typed):
    """A seller, buyer, payee or tax representative; `address` is where one is given."""

    place: str
    name: Value | None = None
    identifiers: list[Value] = []
    legal_id: Value | None = None
    vat_id: Value | None = None
    tax_number: Value | None = None
    address: Value | None = None
    country: Value | None = None


class Reduction(Typed):
    """An allowance, or a charge, on the whole invoice (BG-20, BG-21) or a line (BG-27, BG-28)."""

    place: str
    is_charge: bool
    amount: Value | None = None
    base: Value | None = None
    percent: Value | None = None
    category: Value | None = None
    rate: Value | None = None
    reason: Value | None = None
    reason_code: Value | None = None


class Tax(Typed):
    """The VAT of one category and rate (BG-23)."""

    place: str
    base: Value | None = None
    amount: Value | None = None
    category: Value | None = None
    rate: Value | None = None
    reason: Value | None = None
    reason_code: Value | None = None


class Line(Typed):
    """A line (BG-25); `item` is the seller's id of what is sold, `price_for` how many of it the price is for."""

    place: str
    id: Value | None = None
    name: Value | None = None
    item: Value | None = None
    order_line: Value | None = None
    quantity: Value | None = None
    price: Value | None = None
    gross_price: Value | None = None
    price_for: Value | None = None
    net: Value | None = None
    category: Value | None = None
    rate: Value | None = None
    reductions: list[Reduction] = []


class Totals(Typed):
    """The sums of an invoice (BG-22)."""

    place: str
    lines: Value | None = None
    allowances: Value | None = None
    charges: Value | None = None
    without_tax: Value | None = None
    tax: Value | None = None
    with_tax: Value | None = None
    paid: Value | None = None
    rounding: Value | None = None
    payable: Value | None = None


class Payment(Typed):
    """How it is to be paid (BG-16)."""

    place: str
    means: Value | None = None
    account: Value | None = None
    bank: Value | None = None


class Invoice(Typed):
    """An invoice or a credit note; `unread` is the name of an XML in its file that is neither."""

    syntax: Syntax
    place: str
    unread: str = ""
    profile: Value | None = None
    number: Value | None = None
    issued: Value | None = None
    kind: Value | None = None
    currency: Value | None = None
    tax_currency: Value | None = None
    tax_in_tax_currency: Value | None = None
    tax_point: Value | None = None
    tax_point_code: Value | None = None
    due: Value | None = None
    terms: Value | None = None
    delivered: Value | None = None
    delivery_country: Value | None = None
    period: tuple[Value | None, Value | None] = (None, None)
    order: Value | None = None
    seller: Party
    buyer: Party
    payee: Party | None = None
    representative: Party | None = None
    payments: list[Payment] = []
    reductions: list[Reduction] = []
    taxes: list[Tax] = []
    totals: Totals
    lines: list[Line] = []

    @property
    def is_whole(self) -> bool:
        """Say whether its profile has lines: the least ones of Factur-X only accompany a document for people."""
        return self.syntax != "paper" and not self._is_of("minimum", "basicwl")

    @property
    def is_least(self) -> bool:
        """Say whether its profile knows neither what was paid before nor what was rounded."""
        return self._is_of("minimum")

    def _is_of(self, *profiles: str) -> bool:
        return self.profile is not None and self.profile.text.lower().endswith(profiles)
