"""One place that answers what an option is, and where that comes from: run, agent, project, tenant or system.

All values of a tenant are kept in the caches together, for a minute, and dropped in every process when one changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from apps.core.caches import MEMORY, REDIS, Level, ReadThrough
from apps.core.tenancy import current_tenant, public_context
from apps.tenants.models import OptionValue
from apps.tenants.options import Option

VALUES = ReadThrough("options", words=_("Settings"), levels=(Level(MEMORY, 60), Level(REDIS, 60)))
Place = tuple[OptionValue.Level, UUID]
Values = dict[tuple[str, str, str], Any]


@dataclass(frozen=True)
class Resolved:
    """A value and its origin; `origin` is None for the system's default."""

    value: Any
    origin: OptionValue.Level | None


def resolve(option: Option, places: Sequence[Place] = ()) -> Resolved:
    """Answer an option for the active tenant; `places` are more special ones, the most special first."""
    values = _values()
    for level, object_id in (*places, (OptionValue.Level.TENANT, current_tenant().id)):
        key = (level.value, str(object_id), option.key)
        if key in values:
            return Resolved(values[key], level)
    return Resolved(option.default(), None)


def _values() -> Values:
    return VALUES.get("all", _read)


def _read() -> Values:
    tenant_id = current_tenant().id
    with public_context():
        rows = OptionValue.objects.filter(tenant_id=tenant_id).values_list("level", "object_id", "key", "value")
        return {(level, str(object_id), key): value for level, object_id, key, value in rows}
