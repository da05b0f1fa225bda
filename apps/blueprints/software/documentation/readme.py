"""A README out of what the repository says of itself and what its code shows; nothing in it is made up."""

from django.utils.translation import gettext as _

from apps.blueprints.software.code import Module
from apps.blueprints.software.documentation.manifests import Command
from apps.blueprints.software.documentation.results import Architecture, Overview, Reading, diagram
from apps.core.diagrams import fenced
from apps.core.reports import fence

MOST_COMMANDS, MOST_PACKAGES = 20, 30


def readme_of(reading: Reading, architecture: Architecture, overview: Overview | None) -> str:
    """Return the README as Markdown."""
    return "\n\n".join(
        filter(
            None,
            (
                f"# {reading.said.name or reading.name.rpartition('/')[2]}",
                _about(reading, overview),
                *_needs(reading),
                *_commands(_("Install"), reading.said.installs),
                *_commands(_("Use"), reading.said.commands),
                *_entries(reading),
                *_structure(reading, architecture, overview),
                *_built_on(architecture),
                *_section(_("Licence"), reading.said.licence),
            ),
        )
    )


def _about(reading: Reading, overview: Overview | None) -> str:
    if overview and overview.about:
        return " ".join(overview.about)
    top = min(
        (module for module in reading.modules if module.doc), key=lambda module: module.path.count("/"), default=None
    )
    said = reading.said
    return said.about or said.readme or (top.doc.split("\n\n")[0].replace("\n", " ") if top is not None else "")


def _needs(reading: Reading) -> list[str]:
    return _section(_("What it needs"), f"- {reading.said.needs}" if reading.said.needs else "")


def _commands(title: str, commands: list[Command]) -> list[str]:
    if not commands:
        return []
    lines = [f"{each.command}  # {each.about}" if each.about else each.command for each in commands[:MOST_COMMANDS]]
    return _section(title, fence("\n".join(" ".join(line.split()) for line in lines), "sh"))


def _entries(reading: Reading) -> list[str]:
    """Name what can be started: modules with a `main` of their own, as their language has it."""
    found = [(module.path, how) for module in reading.modules if (how := _started(module))]
    return _section(_("Where it begins"), "\n".join(f"- `{path}`: `{how}`" for path, how in found[:MOST_COMMANDS]))


def _started(module: Module) -> str:
    names = {each.name for each in module.definitions}
    if module.language == "Python" and module.path.endswith("__main__.py"):
        return f"python -m {module.path.removesuffix('/__main__.py').removeprefix('src/').replace('/', '.')}"
    if module.language == "Go" and "main" in names:
        return f"go run ./{module.path.rpartition('/')[0]}".rstrip("/")
    if module.language == "Java":
        holder = next((name.rpartition(".")[0] for name in sorted(names) if name.endswith(".main")), "")
        return f"java {holder}" if holder else ""
    return ""


def _structure(reading: Reading, architecture: Architecture, overview: Overview | None) -> list[str]:
    told = {each.part: each.does for each in overview.parts} if overview else {}
    picture = diagram(architecture)
    lines = [
        f"- `{part.name}`: {told[part.name]}" if part.name in told else f"- `{part.name}`"
        for part in architecture.parts
    ]
    drawn = [fenced(picture)] if picture is not None else []
    return _section(_("Structure"), "\n\n".join([*drawn, "\n".join(lines)]))


def _built_on(architecture: Architecture) -> list[str]:
    used = [each for each in architecture.packages if each.files or each.versions][:MOST_PACKAGES]
    return _section(_("Built on"), "\n".join(f"- {each.name} {each.versions}".rstrip() for each in used))


def _section(title: str, text: str) -> list[str]:
    return [f"## {title}", text] if text else []
