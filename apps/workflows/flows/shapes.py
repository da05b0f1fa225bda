"""What steps give, by name and kind, told before anything has run: that a place fits is seen while a workflow is written."""

import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from apps.workflows.flows.places import COUNT

Kind = Literal["text", "number", "file", "files", "list", "object"]
MOST_DEPTH = 4


@dataclass(frozen=True)
class Shape:
    """A kind of value; an object has fields."""

    kind: Kind = "text"
    fields: Mapping[str, "Shape"] = field(default_factory=dict)


TEXT, NUMBER, FILE, FILES = Shape("text"), Shape("number"), Shape("file"), Shape("files")
LIST = Shape("list", {COUNT: NUMBER})
DECISION = Shape("object", {"choice": TEXT, "comment": TEXT, "person": TEXT})
"""What a person's step gives."""
LOOPED = Shape("object", {"rounds": NUMBER, "met": TEXT})
"""What a loop gives."""


def shape_of(annotation: Any, depth: int = 0) -> Shape:
    """Return the shape of what a type's JSON is: models are objects, sequences lists, mappings (whose names nobody knows) objects without fields."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return shape_of(get_args(annotation)[0], depth)
    if origin in (Union, types.UnionType):
        kinds = [each for each in get_args(annotation) if each is not type(None)]
        return shape_of(kinds[0], depth) if len(kinds) == 1 else TEXT
    if isinstance(origin or annotation, type):
        return _of_class(origin or annotation, depth)
    return TEXT


def _of_class(kind: type, depth: int) -> Shape:
    if issubclass(kind, BaseModel):
        fields = kind.model_fields.items() if depth < MOST_DEPTH else ()
        return Shape("object", {name: shape_of(about.annotation, depth + 1) for name, about in fields})
    if issubclass(kind, list | tuple | set | frozenset):
        return LIST
    if issubclass(kind, dict):
        return Shape("object")
    return NUMBER if issubclass(kind, int | float | Decimal) and kind is not bool else TEXT


def shape_at(scope: Mapping[str, Shape], path: str) -> Shape | None:
    """Return the shape of what will stand at a path; None where nothing will."""
    shape: Shape | None = Shape("object", scope)
    for part in path.split("."):
        shape = shape.fields.get(part) if shape is not None else None
    return shape


def paths_of(scope: Mapping[str, Shape], kinds: Sequence[Kind] = ("text", "number")) -> list[str]:
    """Return the paths of everything of these kinds, in the order in which it stands there."""
    found = []
    for name, shape in scope.items():
        if shape.kind in kinds:
            found.append(name)
        found += [f"{name}.{path}" for path in paths_of(shape.fields, kinds)]
    return found
