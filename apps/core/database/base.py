"""django-tenants' PostgreSQL backend, made to fail closed.

The search path is derived from the active tenant at each query and holds that schema alone (plus the table-less
schema of extensions). Without an active tenant there is no query. What the connection last set is forgotten
wherever PostgreSQL may have undone it: ROLLBACK and ROLLBACK TO SAVEPOINT (django-tenants does both) and each
time a connection comes out of the pool.
"""

from typing import Any

from django_tenants.postgresql_backend import base as tenants_base

from apps.core import tenancy
from apps.core.errors import NoActiveTenant


class DatabaseWrapper(tenants_base.DatabaseWrapper):
    include_public_schema = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._is_built = False
        super().__init__(*args, **kwargs)
        self._is_built = True

    @property
    def tenant(self) -> tenancy.ActiveSchema | None:
        return tenancy.active_schema()

    @tenant.setter
    def tenant(self, value: object) -> None:
        """Ignore django-tenants' own bookkeeping; the context is the only truth."""

    @property
    def schema_name(self) -> str | None:
        schema = tenancy.active_schema()
        return schema.schema_name if schema else None

    @schema_name.setter
    def schema_name(self, value: object) -> None:
        """Ignore django-tenants' own bookkeeping; the context is the only truth."""

    def set_tenant(self, tenant: tenancy.ActiveSchema, include_public: bool = True) -> None:
        """Serve migrate_schemas, which switches schemas through the connection; product code uses contexts."""
        if self._is_built:
            tenancy.activate(tenant)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        self.search_path_set_schemas = None
        return super().get_new_connection(conn_params)

    def _handle_search_path(self, cursor: Any = None) -> None:
        if self._setting_search_path:
            return
        if not self.schema_name:
            raise NoActiveTenant
        if self.search_path_set_schemas == self._get_cursor_search_paths():
            return
        self.search_path_set_schemas = None
        super()._handle_search_path(cursor)
