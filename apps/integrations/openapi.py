"""From an OpenAPI 3 document to operations with one JSON schema each. It reads text, and fetches nothing.

References are followed inside the document alone; one that comes back to itself ends as "anything".
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema
import orjson
import yaml
from django.utils.translation import gettext as _

from apps.core.models import is_storable
from apps.integrations.errors import UnreadableDescription
from apps.integrations.types import METHODS, Described, Description, Place

MOST_OPERATIONS = 300
MOST_SCHEMA_BYTES = 32_000
MOST_CHARS = 1_000
MOST_YAML_CHARS = 600_000
DEEPEST = 12
KEPT_KEYS = frozenset(
    {
        *("type", "properties", "items", "required", "enum", "const", "format", "description", "default", "minimum"),
        *("maximum", "minLength", "maxLength", "minItems", "maxItems", "oneOf", "anyOf", "allOf"),
        *("additionalProperties", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "uniqueItems"),
    }
)
"""Of JSON Schema, without `pattern`: a stranger's regular expression may take for ever."""
PLACES: dict[str, Place] = {"path": "path", "query": "query", "header": "header"}
NEVER_HEADERS = frozenset({"accept", "content-type", "authorization", "cookie", "host", "content-length"})


def read_description(text: str) -> Description:
    """Return what an OpenAPI 3 document (JSON or YAML) offers. Raises UnreadableDescription with what is wrong."""
    document = _loaded(text)
    if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith("3."):
        raise UnreadableDescription(_("This is no OpenAPI 3 document."), field="document")
    operations: dict[str, Described] = {}
    for described in _operations(document):
        operations.setdefault(described.key, described)
        if len(operations) > MOST_OPERATIONS:
            raise UnreadableDescription(
                _("This document has more than %(n)d operations.") % {"n": MOST_OPERATIONS}, field="document"
            )
    if not operations:
        raise UnreadableDescription(_("This document describes no operation with JSON."), field="document")
    servers = document.get("servers")
    server = servers[0] if isinstance(servers, list) and servers and isinstance(servers[0], dict) else {}
    info = document.get("info") if isinstance(document.get("info"), dict) else {}
    return Description(as_text(info.get("title"), 80), as_text(server.get("url"), 300), tuple(operations.values()))  # type: ignore[union-attr]


def _loaded(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    if len(text) > MOST_YAML_CHARS:
        raise UnreadableDescription(_("This is no JSON, and too long to be read as YAML."), field="document")
    try:
        return yaml.load(text, Loader=_NoAliases)  # noqa: S506  a safe loader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UnreadableDescription(_("This is neither JSON nor YAML."), field="document") from error


class _NoAliases(yaml.SafeLoader):
    """The safe loader without aliases, by which a few lines could stand for gigabytes."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError("Aliases are not read.")
        return super().compose_node(parent, index)


def _operations(document: Mapping[str, Any]) -> Iterator[Described]:
    paths = document.get("paths")
    for path, entry in (paths if isinstance(paths, dict) else {}).items():
        item = _resolved(document, entry)
        for method in METHODS:
            operation = item.get(method) if isinstance(item, dict) else None
            is_path = isinstance(path, str) and path.startswith("/") and path == as_text(path, 500)
            if isinstance(operation, dict) and is_path:
                described = _described(document, path, method, operation, item.get("parameters"))
                if described is not None:
                    yield described


def _described(
    document: Mapping[str, Any], path: str, method: str, operation: Mapping[str, Any], shared: Any
) -> Described | None:
    """Return an operation; None for one whose body is no JSON, or too large to be told to a model."""
    properties: dict[str, Any] = {}
    needed: list[str] = []
    places: dict[str, tuple[Place, str]] = {}
    own = operation.get("parameters")
    for raw in [*(shared if isinstance(shared, list) else []), *(own if isinstance(own, list) else [])]:
        parameter = _resolved(document, raw)
        place = PLACES.get(parameter.get("in", "")) if isinstance(parameter, dict) else None
        name = as_text(parameter.get("name"), 120) if place else ""
        if not name or (place == "header" and name.lower() in NEVER_HEADERS):
            continue
        argument = as_argument(name)
        properties[argument] = _schema(document, parameter.get("schema", {})) | _told(parameter)
        places[argument] = (place, name)  # type: ignore[assignment]
        if (parameter.get("required") or place == "path") and argument not in needed:
            needed.append(argument)
    body = _resolved(document, operation.get("requestBody", {}))
    if isinstance(body, dict) and body.get("content"):
        schema = _json_schema(document, body["content"])
        if schema is None:
            return None
        properties["body"], places["body"] = schema, ("body", "")
        needed += ["body"] if body.get("required") else []
    whole = {"type": "object", "properties": properties, "required": needed, "additionalProperties": False}
    if not _is_usable(whole):
        return None
    key = as_text(operation.get("operationId"), 120) or f"{method} {path}"
    title = as_text(operation.get("summary"), 120) or key
    return Described(
        as_argument(key),
        method.upper(),
        path,
        title,
        as_text(operation.get("description"), MOST_CHARS) or title,
        whole,
        places,
    )


def usable_schema(raw: Any) -> dict[str, Any] | None:
    """Return a stranger's schema of an object, with the keywords that matter and its references followed; None for what is none."""
    if not isinstance(raw, dict) or raw.get("type") != "object":
        return None
    schema = {"properties": {}, **_schema(raw, raw)}
    return schema if _is_usable(schema) else None


def _is_usable(schema: dict[str, Any]) -> bool:
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError:
        return False
    return is_storable(schema) and len(json.dumps(schema)) <= MOST_SCHEMA_BYTES


def _json_schema(document: Mapping[str, Any], content: Any) -> dict[str, Any] | None:
    for kind, entry in content.items() if isinstance(content, dict) else ():
        if isinstance(entry, dict) and re.fullmatch(r"application/(.+\+)?json(;.*)?", str(kind)):
            return _schema(document, entry.get("schema", {}))
    return None


def _told(parameter: Mapping[str, Any]) -> dict[str, str]:
    text = as_text(parameter.get("description"), 300)
    return {"description": text} if text else {}


def _schema(document: Mapping[str, Any], raw: Any, seen: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return a schema without references, with the keywords that matter, at most DEEPEST deep."""
    if not isinstance(raw, dict) or len(seen) > DEEPEST:
        return {}
    reference = raw.get("$ref")
    if isinstance(reference, str):
        if reference in seen:
            return {}
        return _schema(document, _pointed(document, reference), (*seen, reference))
    schema = {key: _keyword(document, key, value, (*seen, "")) for key, value in raw.items() if _is_kept(key, value)}
    if raw.get("nullable") is True and isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
    return schema


def _is_kept(key: str, value: Any) -> bool:
    return key in KEPT_KEYS and not (key.startswith("exclusive") and isinstance(value, bool))  # OpenAPI 3.0's way


def _keyword(document: Mapping[str, Any], key: str, value: Any, seen: tuple[str, ...]) -> Any:
    """Return the value of one keyword, with the schemas in it read."""
    if key == "properties" and isinstance(value, dict):
        return {str(name): _schema(document, one, seen) for name, one in value.items()}
    if key in ("items", "additionalProperties") and isinstance(value, dict):
        return _schema(document, value, seen)
    if key in ("oneOf", "anyOf", "allOf") and isinstance(value, list):
        return [_schema(document, one, seen) for one in value]
    return as_text(value, 300) if key == "description" else value


def _resolved(document: Mapping[str, Any], raw: Any) -> Any:
    for _step in range(DEEPEST):
        if not isinstance(raw, dict) or not isinstance(raw.get("$ref"), str):
            return raw
        raw = _pointed(document, raw["$ref"])
    return {}


def _pointed(document: Mapping[str, Any], reference: str) -> Any:
    """Follow a JSON pointer inside the document (RFC 6901); what lies outside is nothing."""
    if not reference.startswith("#/"):
        return {}
    found: Any = document
    for part in reference[2:].split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, dict) else None
    return found if found is not None else {}


def as_argument(name: str) -> str:
    """Return a name that every vendor takes for a tool or an argument."""
    return re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_")[:64] or "value"


def as_dict(value: Any) -> dict[str, Any]:
    """Return a stranger's object, {} for what is none."""
    return value if isinstance(value, dict) else {}


def as_dicts(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a stranger's list, [] for what is none."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def as_text(value: Any, most_chars: int) -> str:
    """Return a stranger's text as one line of at most so many characters, "" for what is none."""
    if not isinstance(value, str):
        return ""
    return " ".join(value.replace("\0", "").encode(errors="ignore").decode().split())[:most_chars]
