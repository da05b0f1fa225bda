"""What can be done to tenants: provision one, remove a half-made one."""

import re

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.utils.translation import gettext as _
from django_tenants.utils import quote_schema_name

from apps.core.errors import InvalidInput
from apps.core.tenancy import public_context, tenant_context
from apps.tenants import schemas
from apps.tenants.events import tenant_provisioned
from apps.tenants.models import Domain, Tenant

SLUG = re.compile(r"[a-z][a-z0-9]{0,38}[a-z0-9]\Z")
RESERVED = frozenset({"public", "www", "api", "admin", "extensions", "template", "static", "localhost", "information"})


def provision_tenant(*, slug: str, name: str) -> Tenant:
    """Create a tenant with its schema, domain and first rows, or return the one that stands.

    Invisible until it is whole; a failure leaves nothing behind. Raises InvalidInput for a slug that cannot be one.
    """
    if not SLUG.match(slug) or slug in RESERVED:
        raise InvalidInput(_("Use 2 to 40 lower-case letters and digits, starting with a letter."), field="slug")
    with public_context():
        tenant, _created = Tenant.objects.get_or_create(slug=slug, defaults={"name": name, "schema_name": f"t_{slug}"})
        if tenant.state != Tenant.State.PROVISIONING:
            return tenant
        try:
            _build(tenant)
        except Exception:
            discard(tenant)
            raise
    return tenant


def _build(tenant: Tenant) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {quote_schema_name(tenant.schema_name)}")
    call_command("migrate_schemas", schema_name=tenant.schema_name, tenant=True, interactive=False, verbosity=0)
    with public_context(), transaction.atomic():
        host = f"{tenant.slug}.{settings.PLATFORM_HOST}"
        Domain.objects.get_or_create(domain=host, defaults={"tenant": tenant, "is_primary": True})
        with tenant_context(tenant):
            tenant_provisioned.send(sender=Tenant, tenant=tenant)
        tenant.state = Tenant.State.ACTIVE
        tenant.save(update_fields=["state"])
    schemas.forget(tenant)


def discard(tenant: Tenant) -> None:
    """Remove a tenant that never became active, with its schema."""
    with public_context():
        with connection.cursor() as cursor:
            cursor.execute(f"DROP SCHEMA IF EXISTS {quote_schema_name(tenant.schema_name)} CASCADE")
        Tenant.objects.filter(pk=tenant.pk, state=Tenant.State.PROVISIONING).delete()
