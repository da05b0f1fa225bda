"""What the documentation comes to, and how that is read."""

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.agents.blueprints import Typed
from apps.blueprints.figures import Figure, counted
from apps.blueprints.software.code import Definition, Module
from apps.blueprints.software.documentation.manifests import Said
from apps.core.diagrams import MOST_ARROWS, Diagram, without_implied
from apps.core.reports import Code, Facts, Heading, Prose, Report, Table, escaped, fence
from apps.core.reports import Part as Shown

MOST_REFERENCE_CHARS, MOST_ROWS, MOST_LISTED = 180_000, 60, 100


class Reading(Typed):
    """What was read: modules without tests and examples, those beside, and what the repository says of itself."""

    name: str
    commit: str
    modules: list[Module]
    tests: list[str]
    left_out: list[str]
    said: Said
    go_module: str


class Part(Typed):
    """A part of the code: its files and lines, and the parts that it uses."""

    name: str
    files: int
    lines: int
    uses: list[str]


class Package(Typed):
    """A package from outside: in how many files it is used, and the versions that are written for it."""

    name: str
    files: int
    versions: str


class Language(Typed):
    """A language: how many files are written in it, and how many lines these have."""

    name: str
    files: int
    lines: int


class Architecture(Typed):
    """How the code hangs together. `documented`: the share of public definitions of which something is written, in percent; null for none."""

    parts: list[Part]
    cycles: list[list[str]]
    packages: list[Package]
    languages: list[Language]
    public: int
    documented: Figure | None


class Overview(Typed):
    """What a model says: what the code is for, and what each part does."""

    about: list[str]
    parts: list["Told"]


class Told(Typed):
    """What a model says of a part."""

    part: str
    does: str


class Documentation(Typed):
    """All of it. `overview` is null where no model wrote one, or one that named what is not there; `readme` is Markdown."""

    reading: Reading
    architecture: Architecture
    overview: Overview | None
    readme: str


def report_of(found: Documentation) -> Report:
    """Return what people read: what it is, how it hangs together, a README, what is not described, and the reference."""
    return Report(
        (
            *([Prose("\n\n".join(found.overview.about))] if found.overview else []),
            Facts(_facts(found)),
            *_architecture(found),
            *_outside(found.architecture),
            Heading(_("README")),
            Code(found.readme, "markdown"),
            *_undescribed(found.reading),
            Heading(_("Reference")),
            *_reference(found.reading.modules),
        )
    )


def _facts(found: Documentation) -> list[tuple[str, str]]:
    reading, built = found.reading, found.architecture
    facts = [(_("Repository"), reading.name)]
    facts += [(_("Commit"), reading.commit)] if reading.commit else []
    facts += [(each.name, _files_and_lines(each.files, each.lines)) for each in built.languages]
    tests = ngettext("%(n)d file", "%(n)d files", len(reading.tests)) % {"n": len(reading.tests)}
    facts += [(_("Tests and examples, not described here"), tests)] if reading.tests else []
    facts += [(_("Public definitions"), str(built.public))]
    if built.documented is not None:
        facts.append((_("Described in the code"), f"{counted(built.documented.value)} % ({built.documented.how})"))
    faulty = [module.path for module in reading.modules if module.has_faults]
    facts += [(_("Read in part, for faults in them"), _some(faulty))] if faulty else []
    facts += [(_("Left out, too large or too many"), _some(reading.left_out))] if reading.left_out else []
    return facts


def _files_and_lines(files: int, lines: int) -> str:
    counted = ngettext("%(n)d file", "%(n)d files", files) % {"n": files}
    return f"{counted}, {ngettext('%(n)d line', '%(n)d lines', lines) % {'n': lines}}"


def _some(names: Sequence[str]) -> str:
    more = len(names) - 10
    shown = ", ".join(names[:10])
    return _("%(names)s and %(n)d more") % {"names": shown, "n": more} if more > 0 else shown


def diagram(architecture: Architecture) -> Diagram | None:
    """Return the picture of the parts; None where there is nothing to join."""
    places = {part.name: number for number, part in enumerate(architecture.parts)}
    arrows = [(places[part.name], places[other]) for part in architecture.parts for other in part.uses]
    if not arrows:
        return None
    kept = without_implied(len(places), arrows)[:MOST_ARROWS]
    return Diagram(_("Which part uses which"), tuple(places), tuple(kept))


def _architecture(found: Documentation) -> Iterator[Shown]:
    parts = found.architecture.parts
    told = {each.part: each.does for each in found.overview.parts} if found.overview else {}
    yield Heading(_("Architecture"))
    picture = diagram(found.architecture)
    if picture is not None:
        yield picture
        yield Prose(_("Arrows that others imply are left out of the picture; the table has them all."))
    users = {part.name: [other.name for other in parts if part.name in other.uses] for part in parts}
    does = {part.name: told.get(part.name) or _doc_of(part, found.reading.modules) for part in parts}
    rows = [
        (part.name, does[part.name] or "–", str(part.files), str(part.lines), ", ".join(part.uses) or "–", ", ".join(users[part.name]) or "–")
        for part in parts
    ]  # fmt: skip
    yield Table((_("Part"), _("What it does"), _("Files"), _("Lines"), _("Uses"), _("Is used by")), rows)
    if found.architecture.cycles:
        yield Heading(_("Parts that use each other in a circle"), 3)
        yield Prose("\n".join(f"- {' · '.join(cycle)}" for cycle in found.architecture.cycles))


def _doc_of(part: Part, modules: Sequence[Module]) -> str:
    """Return the first sentence that the code says of a part: of its package, or of its only file."""
    ways = (f"{part.name}/__init__.py", f"{part.name}.py", f"{part.name}/doc.go", f"{part.name}/index")
    for module in modules:
        bare = module.path.rpartition(".")[0]
        is_it = any(module.path == way or module.path.endswith(f"/{way}") or bare.endswith(way) for way in ways)
        if is_it and module.doc:
            return module.doc.split("\n\n")[0].replace("\n", " ")[:300]
    return ""


def _outside(architecture: Architecture) -> list[Shown]:
    if not architecture.packages:
        return []
    rows = [(each.name, each.versions or "–", str(each.files)) for each in architecture.packages[:MOST_ROWS]]
    return [Heading(_("What it is built on")), Table((_("Package"), _("Versions"), _("Files that use it")), rows)]


def _undescribed(reading: Reading) -> list[Shown]:
    rows = [
        (module.path, each.name, str(each.line))
        for module in reading.modules
        for each in module.definitions
        if each.is_public and not each.doc
    ]
    if not rows:
        return []
    more = len(rows) - MOST_LISTED
    rest = [Prose(_("And %(n)d more.") % {"n": more})] if more > 0 else []
    return [
        Heading(_("Of which nothing is written")),
        Table((_("File"), _("Name"), _("Line")), rows[:MOST_LISTED]),
        *rest,
    ]


def _reference(modules: Sequence[Module]) -> Iterator[Shown]:
    """Describe each module; when it becomes too long, the rest by name alone."""
    room = MOST_REFERENCE_CHARS
    left: list[str] = []
    for module in modules:
        public = [each for each in module.definitions if each.is_public]
        if not public and not module.doc:
            continue
        text = _described(module, public)
        room -= len(text)
        if room < 0:
            left.append(module.path)
            continue
        yield Heading(module.path, 3)
        yield Prose(text)
    if left:
        yield Heading(_("Not described here, for the length of it"), 3)
        yield Prose(_("Name a folder to have these described: %(paths)s") % {"paths": ", ".join(left[:MOST_LISTED])})


def _described(module: Module, public: Sequence[Definition]) -> str:
    parts = [plain(module.doc)] if module.doc else []
    for each in public:
        line = _("line %(n)d") % {"n": each.line}
        inside = f"`{each.name}`: " if "." in each.name else ""
        head = f"{inside}`{_inline(each.signature)}` ({line})"
        parts.append(f"{head}\n\n{plain(each.doc)}" if each.doc else head)
    return "\n\n".join(parts)


def _inline(text: str) -> str:
    return text.replace("`", "'")


def plain(doc: str) -> str:
    """Return what is written in code as prose of Markdown: code in backticks and examples stay code, nothing else becomes a heading or markup."""
    parts = [
        fence(part, "pycon") if part.lstrip().startswith(">>>") else "\n".join(map(_plain_line, part.split("\n")))
        for part in doc.split("\n\n")
    ]
    return "\n\n".join(parts)


def _plain_line(line: str) -> str:
    shown = _escaped(line)
    return f"\\{shown}" if shown.startswith(tuple("#=-|>+")) else shown


def _escaped(line: str) -> str:
    if line.count("`") % 2:
        return escaped(line)
    return "`".join(part if place % 2 else escaped(part) for place, part in enumerate(line.split("`")))
