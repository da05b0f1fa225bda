"""`manage.py allow_passwords acme`: open the other ways in again where single sign-on, the only one, does not work."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.tenancy import tenant_context
from apps.tenants.hosts import tenant_for_slug
from apps.tenants.options import SSO_ONLY
from apps.tenants.services import set_option


class Command(BaseCommand):
    help = "Take back that single sign-on is the only way into an organisation; its audit says so."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")

    def handle(self, *args: Any, slug: str, **options: Any) -> None:
        tenant = tenant_for_slug(slug)
        if tenant is None:
            raise CommandError(f"There is no organisation {slug}.")
        with tenant_context(tenant):
            set_option(actor=None, option=SSO_ONLY, value=None)
        self.stdout.write(f"{slug}: passwords are allowed.")
