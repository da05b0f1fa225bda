"""The worker side of a new tenant: everything in one transaction, so that a failure leaves nothing behind."""

import structlog
from django.conf import settings
from django.db import connection, transaction
from django_tenants.utils import quote_schema_name

from apps.audit.services.trail import record
from apps.core.tenancy import public_context, tenant_context
from apps.jobs import engine
from apps.jobs.models import Job
from apps.jobs.types import Claim
from apps.tenants import actions, cloning, schemas
from apps.tenants.events import tenant_provisioned
from apps.tenants.models import Domain, Provisioning, Tenant
from apps.tenants.types import Owner

log = structlog.get_logger(__name__)
PROVISION = "tenant.provision"


class TenantProvisioner:
    """Handler of jobs of the kind PROVISION; the object is the Tenant that the job belongs to."""

    def work(self, claim: Claim) -> None:
        cloning.prepare_template()
        with engine.settlement(claim, Job.State.SUCCEEDED), public_context():
            asked = Provisioning.objects.select_related("tenant").get(pk=claim.object_id)
            build(asked.tenant, asked.owner)

    def cancel(self, claim: Claim) -> None:
        discard(claim)

    def bury(self, claim: Claim, reason: str) -> None:
        log.error("tenant_not_provisioned", reason=reason)
        discard(claim)


@transaction.atomic
def build(tenant: Tenant, owner: Owner | None) -> None:
    """Give a reserved tenant its schema, domain and first rows, and let people in."""
    cloning.create_schema(tenant)
    with public_context():
        host = f"{tenant.slug}.{settings.PLATFORM_HOST}"
        Domain.objects.create(domain=host, tenant=tenant, is_primary=True)
        Tenant.objects.filter(pk=tenant.pk).update(state=Tenant.State.ACTIVE)
        Provisioning.objects.filter(pk=tenant.pk).delete()
        record(actions.TENANT_PROVISIONED, actor=None, target=tenant, after={"domain": host})
    tenant.state = Tenant.State.ACTIVE
    with tenant_context(tenant):
        tenant_provisioned.send(sender=Tenant, tenant=tenant, owner=owner)
    transaction.on_commit(lambda: schemas.forget(tenant))


def discard(claim: Claim) -> None:
    """Free the address of a tenant that never became active."""
    with public_context():
        tenant = Tenant.objects.filter(pk=claim.object_id, state=Tenant.State.PROVISIONING).first()
        if tenant is None:
            return
        record(actions.TENANT_DISCARDED, actor=None, target=tenant)
        with connection.cursor() as cursor:
            cursor.execute(f"DROP SCHEMA IF EXISTS {quote_schema_name(tenant.schema_name)} CASCADE")
        tenant.delete()
