"""Where the data keys of organisations and of the platform are stored: a table of the public schema."""

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from apps.core.credentials import WrappedKey
from apps.core.tenancy import current_tenant, has_tenant, public_context
from apps.tenants.models import TenantKey

KEPT = timedelta(days=1)


class TableOfKeys:
    """The key store of core.credentials for the active schema."""

    def newest_first(self) -> list[WrappedKey]:
        owner = _owner()
        with public_context():
            rows = TenantKey.objects.filter(tenant=owner).values_list("pk", "wrapped")
            return [WrappedKey(pk, wrapped) for pk, wrapped in rows]

    def add(self, wrapped: str) -> None:
        owner = _owner()
        with public_context():
            TenantKey.objects.create(tenant_id=owner, wrapped=wrapped)

    def replace(self, key: WrappedKey, wrapped: str) -> None:
        with public_context():
            TenantKey.objects.filter(pk=key.id, wrapped=key.wrapped).update(wrapped=wrapped)

    def drop_superseded(self) -> None:
        """Drop keys that have not been the newest for a day, since nothing that was being written under one can still be on its way."""
        owner = _owner()
        with public_context():
            newest = TenantKey.objects.filter(tenant=owner).first()
            if newest and newest.created_at < timezone.now() - KEPT:
                TenantKey.objects.filter(tenant=owner).exclude(pk=newest.pk).delete()


def _owner() -> UUID | None:
    return current_tenant().id if has_tenant() else None
