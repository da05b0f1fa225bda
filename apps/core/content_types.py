"""A content type cache that does not cross tenants: ids of the same model differ from schema to schema."""

from collections.abc import Iterator, MutableMapping
from typing import Any

from apps.core.tenancy import active_schema


class PerSchemaCache(MutableMapping[str, dict[Any, Any]]):
    """Stands in for ContentTypeManager._cache ({database alias: {key: content type}}), one for each schema."""

    def __init__(self) -> None:
        self._by_schema: dict[str, dict[str, dict[Any, Any]]] = {}

    def _own(self) -> dict[str, dict[Any, Any]]:
        schema = active_schema()
        return self._by_schema.setdefault(schema.schema_name if schema else "", {})

    def __getitem__(self, alias: str) -> dict[Any, Any]:
        return self._own()[alias]

    def __setitem__(self, alias: str, value: dict[Any, Any]) -> None:
        self._own()[alias] = value

    def __delitem__(self, alias: str) -> None:
        del self._own()[alias]

    def __iter__(self) -> Iterator[str]:
        return iter(self._own())

    def __len__(self) -> int:
        return len(self._own())
