"""The one place where cache keys are made, so that no key can cross tenants."""

from apps.core.errors import NoActiveTenant
from apps.core.tenancy import active_schema


def tenant_key(key: str, key_prefix: str, version: int) -> str:
    """Django's KEY_FUNCTION: put the active schema in front. Raises NoActiveTenant outside any context."""
    schema = active_schema()
    if schema is None:
        raise NoActiveTenant
    return f"cache:{schema.schema_name}:{key_prefix}:{version}:{key}"
