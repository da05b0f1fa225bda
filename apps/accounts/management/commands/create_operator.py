"""`manage.py create_operator ada@example.com "Ada Admin"`: somebody who runs the platform; asks for the password."""

import getpass
import os
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts.services.members import create_operator


class Command(BaseCommand):
    help = "Create an operator of the platform. The password is asked for, or read from OPERATOR_PASSWORD."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("name")

    def handle(self, *args: Any, email: str, name: str, **options: Any) -> None:
        password = os.environ.get("OPERATOR_PASSWORD") or getpass.getpass("Password: ")
        try:
            validate_password(password)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        user = create_operator(email=email, name=name, password=password)
        self.stdout.write(f"{user.email} runs this platform.")
