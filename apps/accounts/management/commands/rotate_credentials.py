"""`manage.py rotate_credentials`: seal every stored secret under the first of CREDENTIAL_KEYS; the others may go afterwards.

The product goes on while it works, for it reads with all keys. Calling it again changes nothing.
"""

from typing import Any

from django.core.management.base import BaseCommand

from apps.accounts.services.security import reseal_second_factors
from apps.core import credentials
from apps.core.tenancy import public_context, tenant_context
from apps.tenants.models import Tenant


class Command(BaseCommand):
    help = "Seal every stored secret of every tenant and of the operators under the first master key."

    def handle(self, *args: Any, **options: Any) -> None:
        with public_context():
            tenants = list(Tenant.objects.exclude(state=Tenant.State.PROVISIONING).order_by("slug"))
            self.stdout.write(f"platform: {credentials.rotate([reseal_second_factors])} sealed anew")
        for tenant in tenants:
            with tenant_context(tenant):
                self.stdout.write(f"{tenant.slug}: {credentials.rotate()} sealed anew")
