"""Elements of XML that know where they stand."""

from collections import Counter
from collections.abc import Sequence

from apps.blueprints.finance.invoices.model import Value
from apps.knowledge.types import Element


class Node:
    """An element with its path, in which those of one name are counted from 1 where there are several."""

    def __init__(self, element: Element, path: str) -> None:
        self.element, self.path = element, path

    @property
    def place(self) -> str:
        return f"{self.path}:{self.element.line}"

    def all(self, path: str) -> "Sequence[Node]":
        """Return those on a path of names below it."""
        name, _slash, rest = path.partition("/")
        found = self._children(name)
        return [node for child in found for node in child.all(rest)] if rest else found

    def first(self, path: str) -> "Node":
        """Return the first one on a path, an empty one where there is none."""
        return next(iter(self.all(path)), Node(Element("", "", "", {}, self.element.line, ()), f"{self.path}/{path}"))

    def value(self, *paths: str) -> Value | None:
        """Return the first value on one of the paths; empty elements are none."""
        found = (node.own for path in paths for node in self.all(path))
        return next((value for value in found if value is not None), None)

    @property
    def own(self) -> Value | None:
        """Return what stands in it; None for nothing."""
        attributes = self.element.attributes
        unit = next((attributes[key] for key in ("currencyID", "unitCode", "schemeID") if key in attributes), "")
        text = " ".join(self.element.text.split())
        return Value(text=text, place=self.place, unit=unit) if text else None

    def _children(self, name: str) -> "list[Node]":
        found = [child for child in self.element.children if child.name == name]
        several = Counter(child.name for child in found)[name] > 1
        return [
            Node(child, f"{self.path}/{name}[{number}]" if several else f"{self.path}/{name}")
            for number, child in enumerate(found, start=1)
        ]
