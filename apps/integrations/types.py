"""Values that describe what a service can do. No framework."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, Literal

Place = Literal["path", "query", "header", "body"]
METHODS = ("get", "post", "put", "patch", "delete")
REPEATABLE = frozenset({"GET", "PUT", "DELETE"})
"""Methods whose request may be sent twice with one effect (RFC 9110, 9.2.2), of those in METHODS."""


@dataclass(frozen=True)
class Described:
    """An operation as its service describes it: the JSON schema of the arguments, and where in the request each goes.

    `places` maps an argument to (place, the name that the service has for it).
    """

    key: str
    method: str
    path: str
    title: str
    description: str
    schema: dict[str, Any]
    places: dict[str, tuple[Place, str]] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Return the SHA-256 of everything that a model or a request is made from."""
        places = {name: list(place) for name, place in self.places.items()}
        told = [self.method, self.path, self.title, self.description, self.schema, places]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Description:
    """What a service says of itself: its title, its address as far as the document names one, its operations."""

    title: str
    server: str
    operations: tuple[Described, ...]


@dataclass(frozen=True)
class Told:
    """What a connected service said that happened: the event, a key that a second telling has too, and what it fills in."""

    event: str
    key: str
    brought: dict[str, str]
