"""The steps of the documentation: read the repository, see how it hangs together, write."""

import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal

from django.utils.translation import gettext_lazy

from apps.agents.blueprints import Desk, Step
from apps.blueprints.figures import Figure, is_backed
from apps.blueprints.software.code import Module, is_test, modules_of, repository_of
from apps.blueprints.software.documentation import graph
from apps.blueprints.software.documentation.manifests import WANTED, Dependency, said_in
from apps.blueprints.software.documentation.readme import readme_of
from apps.blueprints.software.documentation.results import (
    Architecture,
    Documentation,
    Language,
    Overview,
    Package,
    Reading,
)

MOST_TOLD = 14_000
_NAME = re.compile(r"`([^`\n]{1,120})`")
_NODE = frozenset(
    [
        "assert",
        "buffer",
        "child_process",
        "crypto",
        "events",
        "fs",
        "http",
        "https",
        "net",
        "os",
        "path",
        "process",
        "stream",
        "url",
        "util",
        "zlib",
    ]
)
_DISTRIBUTIONS = {
    "yaml": "pyyaml",
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
    "dateutil": "python-dateutil",
    "sklearn": "scikit-learn",
    "cv2": "opencv-python",
    "rest_framework": "djangorestframework",
}
"""What packages of Python are installed by, where that is another name than the one they are imported by."""


def read(desk: Desk) -> Reading:
    """Read the repository and what each file defines; nothing of it is run."""
    found = repository_of(desk, wanted=WANTED)
    modules = modules_of(found.files)
    manifests = {path: text for path, text in found.files if path.rpartition("/")[2].lower() in WANTED}
    own = [module for module in modules if not is_test(module.path)] or modules
    names = {module.path for module in own}
    go = next((text for path, text in sorted(manifests.items()) if path.rpartition("/")[2] == "go.mod"), "")
    declared = re.search(r"^module\s+(\S+)", go, re.MULTILINE)
    return Reading(
        name=found.name,
        commit=found.commit,
        modules=own,
        tests=[module.path for module in modules if module.path not in names],
        left_out=found.left_out,
        said=said_in(manifests),
        go_module=declared[1] if declared else "",
    )


def relate(desk: Desk) -> Architecture:
    """See which part uses which, and what from outside."""
    reading = desk.of(READ)
    uses, outside = graph.uses_of(reading.modules, reading.go_module)
    parts, cycles = graph.parts_of(reading.modules, uses)
    public = [each for module in reading.modules for each in module.definitions if each.is_public]
    described = sum(1 for each in public if each.doc)
    share = Decimal(100 * described) / len(public) if public else None
    return Architecture(
        parts=parts,
        cycles=cycles,
        packages=list(_packages(outside, reading.said.dependencies)),
        languages=_languages(reading.modules),
        public=len(public),
        documented=None if share is None else Figure(value=round(share, 1), how=f"{described} / {len(public)}"),
    )


def _packages(outside: Counter[str], declared: Sequence[Dependency]) -> Iterator[Package]:
    """Yield what is used from outside, most used first, then what is declared and used nowhere; what a language brings is left out."""
    versions = {_bare(each.name): each.versions for each in declared}
    seen: set[str] = set()
    for name, files in outside.most_common():
        if name in sys.stdlib_module_names or name.startswith(("java.", "javax.", "node:")) or name in _NODE:
            continue
        if "/" in name and "." not in name.partition("/")[0] and not name.startswith("@"):
            continue  # of Go itself
        known = next((key for key in (_bare(_DISTRIBUTIONS.get(name, name)), _bare(name)) if key in versions), "")
        seen.add(known)
        yield Package(name=name, files=files, versions=versions.get(known, ""))
    for each in {_bare(each.name): each for each in declared}.values():
        if _bare(each.name) not in seen:
            yield Package(name=each.name, files=0, versions=each.versions)


def _bare(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _languages(modules: Sequence[Module]) -> list[Language]:
    lines: Counter[str] = Counter()
    files = Counter(module.language for module in modules)
    for module in modules:
        lines[module.language] += module.lines
    return [Language(name=name, files=files[name], lines=count) for name, count in lines.most_common()]


def write(desk: Desk) -> Documentation:
    """Write the README, with what a model says of the code where it names nothing that is not there."""
    reading, architecture = desk.of(READ), desk.of(RELATE)
    told = _told(reading, architecture)
    said = desk.ask("overview", "overview", Overview, code=told, language=desk.language)
    overview = _checked(said, told, reading, architecture) if said is not None else None
    return Documentation(
        reading=reading,
        architecture=architecture,
        overview=overview,
        readme=readme_of(reading, architecture, overview),
    )


def _told(reading: Reading, architecture: Architecture) -> str:
    """Return what a model is told: what the repository says of itself, the parts, and what is written of their modules."""
    said = reading.said
    lines = [f"Repository: {reading.name}", f"About: {said.about or '–'}", f"README: {said.readme or '–'}"]
    lines += [
        f"Part {part.name}: uses {', '.join(part.uses) or 'nothing of the others'}" for part in architecture.parts
    ]
    for module in reading.modules:
        names = ", ".join(each.name for each in module.definitions if each.is_public)
        lines.append(f"{module.path}: {module.doc.split(chr(10))[0] or '–'} | {names[:300]}")
    return "\n".join(lines)[:MOST_TOLD]


def _checked(said: Overview, told: str, reading: Reading, architecture: Architecture) -> Overview | None:
    """Return what a model says; sentences and parts that name what is not in the code, or a figure that was not told, are left out."""
    known = {part.name for part in architecture.parts}
    names = _names_in(reading) | known

    def is_true(sentence: str) -> bool:
        return is_backed(sentence, said=told) and all(name.strip("()") in names for name in _NAME.findall(sentence))

    about = [sentence for sentence in said.about if is_true(sentence)]
    parts = [each for each in said.parts if each.part in known and is_true(each.does)]
    return Overview(about=about, parts=parts) if about or parts else None


def _names_in(reading: Reading) -> set[str]:
    names = {reading.name, reading.said.name}
    for module in reading.modules:
        names |= {module.path, module.path.rpartition("/")[2], module.path.rpartition(".")[0].replace("/", ".")}
        for each in module.definitions:
            names |= {each.name, each.name.rpartition(".")[2]}
    names |= {each.name for each in reading.said.dependencies}
    return names | {each.command for each in (*reading.said.commands, *reading.said.installs)}


READ = Step("read", gettext_lazy("Read the repository"), Reading, read)
RELATE = Step("relate", gettext_lazy("See how it hangs together"), Architecture, relate)
WRITE = Step("write", gettext_lazy("Write the documentation"), Documentation, write)
