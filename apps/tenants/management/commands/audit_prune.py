"""`manage.py audit_prune`: let go of audit events that are older than each organisation keeps them; for every night.

The chain goes on from a signed cut, and `manage.py audit_verify` checks it from there.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from apps.audit import chain
from apps.audit.actions import AUDIT_LET_GO
from apps.audit.services.trail import record
from apps.core.tenancy import PUBLIC, ActiveSchema, public_context, tenant_context
from apps.tenants.models import Tenant
from apps.tenants.options import AUDIT_DAYS
from apps.tenants.resolver import resolve


class Command(BaseCommand):
    help = "Let go of audit events that are older than they are to be kept."

    def handle(self, *args: Any, **options: Any) -> None:
        self._prune("platform", PUBLIC, settings.AUDIT_KEEP_DAYS)
        with public_context():
            tenants = list(Tenant.objects.exclude(state=Tenant.State.PROVISIONING).order_by("slug"))
        for tenant in tenants:
            with tenant_context(tenant):
                days = resolve(AUDIT_DAYS).value
            self._prune(tenant.slug, tenant, days)

    def _prune(self, name: str, schema: ActiveSchema, days: int) -> None:
        with tenant_context(schema), transaction.atomic():
            count = chain.let_go(timezone.now() - timedelta(days=days))
            if count:
                record(AUDIT_LET_GO, actor=None, after={"events": count, "older than days": days})
        self.stdout.write(f"{name}: {count} let go, {days} days are kept")
