"""`manage.py provision_tenant acme "Acme Ltd"`: provision a tenant; calling twice creates one."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.errors import DomainError
from apps.tenants.services import provision_tenant


class Command(BaseCommand):
    help = "Create a tenant: schema, domain, first rows."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("name")

    def handle(self, *args: Any, slug: str, name: str, **options: Any) -> None:
        try:
            tenant = provision_tenant(slug=slug, name=name)
        except DomainError as error:
            raise CommandError(str(error.message)) from error
        self.stdout.write(f"{tenant.slug}: {tenant.get_state_display()}")
