"""`manage.py provision_tenant acme "Acme Ltd" --owner ada@acme.example`: set a tenant up; calling twice creates one."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.errors import DomainError
from apps.tenants.services import provision_tenant
from apps.tenants.types import Owner


class Command(BaseCommand):
    help = "Create a tenant: schema, domain, first rows, and its owner, who is sent a link to set a password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("name")
        parser.add_argument("--owner", metavar="EMAIL", help="The first person, with every right.")
        parser.add_argument("--owner-name", default="")

    def handle(self, *args: Any, slug: str, name: str, owner: str | None, owner_name: str, **options: Any) -> None:
        person = Owner(owner.lower(), owner_name or owner.partition("@")[0]) if owner else None
        try:
            tenant = provision_tenant(slug=slug, name=name, owner=person)
        except DomainError as error:
            raise CommandError(str(error.message)) from error
        self.stdout.write(f"{tenant.slug}: {tenant.get_state_display()}")
