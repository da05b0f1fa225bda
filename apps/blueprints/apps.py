import importlib
import pkgutil
from collections.abc import Iterator

from django.apps import AppConfig

from apps.agents.blueprints.base import Blueprint


class BlueprintsConfig(AppConfig):
    """Finds the blueprints: each package in here with a module `blueprint` has one in BLUEPRINT."""

    name = "apps.blueprints"

    def ready(self) -> None:
        from apps.agents.blueprints.registry import add_blueprint

        for blueprint in found_in(self.name):
            add_blueprint(blueprint)


def found_in(package: str) -> Iterator[Blueprint]:
    """Yield the blueprints of a package and those inside it."""
    outer = importlib.import_module(package)
    for module in pkgutil.walk_packages(outer.__path__, f"{package}."):
        if module.name.rpartition(".")[2] == "blueprint":
            yield importlib.import_module(module.name).BLUEPRINT
