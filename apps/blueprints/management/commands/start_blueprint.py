"""Make the folder of a new blueprint, which works as it is made."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.templates import TemplateCommand

from apps.agents.blueprints.registry import is_key

TEMPLATE = Path(__file__).parents[1] / "template"


class Command(TemplateCommand):
    help = "Make the folder of a new blueprint."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="Its key: small letters, digits and underscores.")
        parser.add_argument("--title", default="", help="What people call it.")
        parser.add_argument(
            "--package",
            default="apps.blueprints",
            help="The package that it goes into, such as apps.blueprints.finance; it has to exist.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the files. Raises CommandError for a name that is none, or a folder that stands."""
        name, title, package = (options[each] for each in ("name", "title", "package"))
        if not is_key(name):
            raise CommandError(
                "The name has small letters, digits and underscores, at most 40, and begins with a letter."
            )
        outer = Path(settings.BASE_DIR, *package.split("."))
        if not (outer / "__init__.py").is_file():
            raise CommandError(f"There is no package {package}.")
        folder = outer / name
        if folder.exists():
            raise CommandError(f"{folder} stands already.")
        folder.mkdir()
        told = {"package": f"{package}.{name}", "title": title or name.replace("_", " ").capitalize()}
        about = {"template": str(TEMPLATE), "extensions": ["py"], "files": [], "verbosity": 1, **told}
        super().handle("app", name, str(folder), **about)
        self.stdout.write(f"{folder.relative_to(settings.BASE_DIR)} is made. Start with steps.py.")
