"""`manage.py audit_verify`: check the audit's chain of every tenant and of the platform, and print the signed heads.

A head kept outside (printed here, or logged each night) proves later that nothing up to it was replaced:
`manage.py audit_verify --tenant acme --head SEQ:HASH:SIGNATURE`.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.audit import chain
from apps.audit.services.trail import check
from apps.core.tenancy import PUBLIC, ActiveSchema, public_context, tenant_context
from apps.tenants.models import Tenant


class Command(BaseCommand):
    help = "Check that no audit event was changed, taken out, put elsewhere or cut off; raise an alert and exit 1 when one was."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", help="only this one, by its short name; `platform` for the platform's own")
        parser.add_argument("--head", default="", help="a head that was signed and kept before")

    def handle(self, *args: Any, tenant: str | None, head: str, **options: Any) -> None:
        if head and not tenant:
            raise CommandError("A head belongs to one tenant: name it with --tenant.")
        faults = sum(self._verify(name, schema, head) for name, schema in self._schemas(tenant))
        if faults:
            raise CommandError(f"{faults} faults.")

    def _schemas(self, wanted: str | None) -> list[tuple[str, ActiveSchema]]:
        with public_context():
            tenants = Tenant.objects.exclude(state=Tenant.State.PROVISIONING).order_by("slug")
            found: list[tuple[str, ActiveSchema]] = [("platform", PUBLIC), *((t.slug, t) for t in tenants)]
        chosen = [(name, schema) for name, schema in found if wanted in (None, name)]
        if not chosen:
            raise CommandError("There is no such tenant.")
        return chosen

    def _verify(self, name: str, schema: ActiveSchema, known: str) -> int:
        with tenant_context(schema):
            try:
                faults = check(known)
            except ValueError as error:
                raise CommandError(str(error)) from error
            for fault in faults:
                self.stdout.write(f"{name}: event {fault.seq}: {fault.reason}")
            if not faults:
                self.stdout.write(f"{name}: whole, {chain.head()}")
        return len(faults)
