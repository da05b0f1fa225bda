"""The active tenant of the running code, and the only ways to enter one.

The database backend reads this at the moment of each query and refuses a query when nothing is active.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from django.apps import apps
from django.conf import settings

from apps.core.errors import NoActiveTenant

PUBLIC_SCHEMA = "public"


class ActiveSchema(Protocol):
    """Whatever owns a schema: a Tenant row, or the public marker below."""

    @property
    def schema_name(self) -> str: ...


class TenantLike(ActiveSchema, Protocol):
    """A row of the tenant model, as far as lower layers may know it."""

    id: UUID
    slug: str
    name: str
    accent: str
    logo_digest: str
    mail_sender: str

    def address(self, path: str = "/") -> str: ...


@dataclass(frozen=True)
class PublicSchema:
    """Stands for the platform's own schema; it is never a tenant."""

    schema_name: str = PUBLIC_SCHEMA


PUBLIC = PublicSchema()
_active: ContextVar[ActiveSchema | None] = ContextVar("active_schema", default=None)


def active_schema() -> ActiveSchema | None:
    """Return what is active now, or None; None means that every query is refused."""
    return _active.get()


def current_tenant() -> TenantLike:
    """Return the active tenant. Raises NoActiveTenant in public or outside any context."""
    schema = _active.get()
    if schema is None or schema.schema_name == PUBLIC_SCHEMA:
        raise NoActiveTenant
    return schema  # type: ignore[return-value]


def owner_id() -> UUID:
    """Return the id of whom the active schema belongs to: a tenant, or all zeros for the platform. Raises NoActiveTenant."""
    if _active.get() is None:
        raise NoActiveTenant
    return current_tenant().id if has_tenant() else UUID(int=0)


def has_tenant() -> bool:
    """Say whether a tenant (not public) is active."""
    schema = _active.get()
    return schema is not None and schema.schema_name != PUBLIC_SCHEMA


@contextmanager
def tenant_context(tenant: ActiveSchema | None) -> Iterator[None]:
    """Make `tenant` active inside the block and restore what was active before."""
    token = _active.set(tenant)
    try:
        yield
    finally:
        _active.reset(token)


def public_context() -> AbstractContextManager[None]:
    """Make the platform's own schema active inside the block."""
    return tenant_context(PUBLIC)


def bound(call: Callable[[], object]) -> Callable[[], None]:
    """Bind a call to what is active now, for later (on commit), when something else may be."""
    schema = active_schema()

    def run() -> None:
        with tenant_context(schema):
            call()

    return run


def activate(schema: ActiveSchema | None) -> None:
    """Set what is active for the rest of this context. Only for process start and the backend."""
    _active.set(schema)


def find_tenant(pk: UUID) -> TenantLike:
    """Load the tenant row with this key from public. Raises the model's DoesNotExist."""
    with public_context():
        return apps.get_model(settings.TENANT_MODEL)._default_manager.get(pk=pk)


def every_schema() -> list[ActiveSchema]:
    """Return the platform's own schema and those of all active tenants, for work that is done in each."""
    with public_context():
        return [PUBLIC, *apps.get_model(settings.TENANT_MODEL)._default_manager.filter(state="active")]


def scoped(*parts: object) -> str:
    """Build a key that belongs to the active tenant: the one place where cache keys, groups and salts are made."""
    return ":".join(("guildhall", current_tenant().schema_name, *map(str, parts)))


def scoped_or_public(*parts: object) -> str:
    """Build a key that belongs to the active schema, the platform's own included. Raises NoActiveTenant outside any."""
    schema = _active.get()
    if schema is None:
        raise NoActiveTenant
    return ":".join(("guildhall", schema.schema_name, *map(str, parts)))
