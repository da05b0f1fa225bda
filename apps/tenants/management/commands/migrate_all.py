"""`manage.py migrate_all`: prepare the database, migrate public, then every tenant that is not at the code's state."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection

from apps.core.tenancy import public_context
from apps.tenants import cloning, schemas
from apps.tenants.models import Tenant


class Command(BaseCommand):
    help = "Migrate the public schema and every tenant; tenants that are whole are passed over."

    def handle(self, *args: Any, **options: Any) -> None:
        with public_context(), connection.cursor() as cursor:
            cursor.execute("CREATE SCHEMA IF NOT EXISTS extensions")
            cursor.execute("CREATE EXTENSION IF NOT EXISTS vector SCHEMA extensions")
        with public_context():
            call_command("migrate_schemas", shared=True, interactive=False, verbosity=0)
        cloning.prepare_template()
        with public_context():
            tenants = list(Tenant.objects.exclude(state=Tenant.State.PROVISIONING))
        for tenant in tenants:
            self._migrate(tenant)

    def _migrate(self, tenant: Tenant) -> None:
        if not schemas.missing(tenant):
            return
        self.stdout.write(f"migrating {tenant.slug}")
        cloning.migrate(tenant)
