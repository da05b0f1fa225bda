"""`manage.py audit_prune`: let go of audit events that are older than each organisation keeps them, as beat does each night.

The chain goes on from a signed cut, and `manage.py audit_verify` checks it from there.
"""

from typing import Any

from django.core.management.base import BaseCommand

from apps.core.tenancy import every_schema, tenant_context
from apps.tenants.services import prune_audit


class Command(BaseCommand):
    help = "Let go of audit events that are older than they are to be kept."

    def handle(self, *args: Any, **options: Any) -> None:
        for schema in every_schema():
            with tenant_context(schema):
                count, days = prune_audit()
            self.stdout.write(f"{getattr(schema, 'slug', 'platform')}: {count} let go, {days} days are kept")
