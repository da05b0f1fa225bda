"""Which module uses which: imports looked up in the repository, modules put together to parts that fit on one picture."""

import posixpath
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from apps.blueprints.software.code import Module, Use
from apps.blueprints.software.documentation.results import Part

MOST_PARTS, REST = 18, "…"
_SCRIPTS = (".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts")


def uses_of(modules: Sequence[Module], go_module: str = "") -> tuple[dict[str, set[str]], Counter[str]]:
    """Return which files each file uses, by path, and how many files use something from outside, by its name."""
    known = _Names(modules, go_module)
    inside: dict[str, set[str]] = {}
    outside: Counter[str] = Counter()
    for module in modules:
        found: set[str] = set()
        strangers: set[str] = set()
        for used in module.imports:
            paths = known.paths_of(module, used)
            found |= paths - {module.path}
            name = "" if paths else _stranger(module.language, used.module)
            if name and name not in known.own:
                strangers.add(name)
        inside[module.path] = found
        outside.update(strangers)
    return inside, outside


def parts_of(modules: Sequence[Module], uses: Mapping[str, set[str]]) -> tuple[list[Part], list[list[str]]]:
    """Return the parts of the code, by folders as deep as fits on a picture, and the cycles among them, each in order."""
    names = _named(modules)
    lines: Counter[str] = Counter()
    files: Counter[str] = Counter()
    joined: dict[str, set[str]] = defaultdict(set)
    for module in modules:
        part = names[module.path]
        lines[part] += module.lines
        files[part] += 1
        joined[part] |= {names[path] for path in uses[module.path] if path in names} - {part}
    parts = [Part(name=name, files=files[name], lines=lines[name], uses=sorted(joined[name])) for name in sorted(files)]
    return parts, _cycles({part.name: part.uses for part in parts})


def _named(modules: Sequence[Module]) -> dict[str, str]:
    """Return the part that each file belongs to: as many levels of folders as give no more parts than fit, else the largest and the rest."""
    paths = [module.path for module in modules]
    above = posixpath.commonpath([str(PurePosixPath(path).parent) for path in paths]) if paths else ""
    start = len(PurePosixPath(above).parts)
    best = {path: _part(path, start, 1) for path in paths}
    for depth in range(2, 8):
        tried = {path: _part(path, start, depth) for path in paths}
        if len(set(tried.values())) > MOST_PARTS:
            break
        best = tried
    return best if len(set(best.values())) <= MOST_PARTS else _largest(best, modules)


def _part(path: str, start: int, depth: int) -> str:
    """Return the folders of a file below the first `start` levels, `depth` at most, or its own name where it lies above that."""
    way = PurePosixPath(path)
    folders = way.parts[start:-1]
    if len(folders) >= depth:
        return "/".join(folders[:depth])
    own = way.stem if way.stem not in ("__init__", "index", "mod") else ""
    return "/".join(filter(None, (*folders, own))) or (way.parts[start - 1] if start else way.stem)


def _largest(names: Mapping[str, str], modules: Sequence[Module]) -> dict[str, str]:
    """Put the parts with the fewest lines together, so that the picture can be read."""
    lines: Counter[str] = Counter()
    for module in modules:
        lines[names[module.path]] += module.lines
    kept = {name for name, _count in lines.most_common(MOST_PARTS - 1)}
    return {path: name if name in kept else REST for path, name in names.items()}


def _cycles(uses: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Return the parts that use each other in a circle, each circle once."""
    reached = {name: _reached(name, uses) for name in uses}
    circles = {
        tuple(sorted(other for other in reached[name] if name in reached[other]))
        for name in uses
        if name in reached[name]
    }
    return sorted(map(list, circles))


def _reached(name: str, uses: Mapping[str, Sequence[str]]) -> set[str]:
    found: set[str] = set()
    left = list(uses[name])
    while left:
        here = left.pop()
        if here not in found:
            found.add(here)
            left += uses[here]
    return found


class _Names:
    """What the files of a repository can be imported by."""

    def __init__(self, modules: Sequence[Module], go_module: str) -> None:
        self.paths = {module.path for module in modules}
        self.go_module = go_module
        self.python = {
            name: module.path for module in modules if module.language == "Python" for name in self._dotted(module.path)
        }
        self.java = {
            name: module.path for module in modules if module.language == "Java" for name in _java_names(module.path)
        }
        self.own = {name.partition(".")[0] for name in self.python}
        self.folders: dict[str, set[str]] = defaultdict(set)
        for path in self.paths:
            self.folders[str(PurePosixPath(path).parent)].add(path)

    def paths_of(self, module: Module, used: Use) -> set[str]:
        """Return the files that an import of a module means; none for what lies outside."""
        if module.language == "Python":
            return set(self._python(module.path, used))
        if module.language == "Java":
            found = self.java.get(used.module) or self.java.get(used.module.rpartition(".")[0])
            return {found} if found else self.folders.get(self._java_folder(used.module), set())
        if module.language == "Go":
            inner = used.module.removeprefix(f"{self.go_module}/") if self.go_module else ""
            is_own = bool(self.go_module) and used.module.startswith(f"{self.go_module}/")
            return self.folders.get(inner, set()) if is_own else set()
        return set(self._script(module.path, used.module))

    def _dotted(self, path: str) -> Iterator[str]:
        """Yield what a file of Python is called: from the folder above its outermost package, and from the top."""
        parts = list(PurePosixPath(path).with_suffix("").parts)
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        start = max(0, len(PurePosixPath(path).parts) - 1)
        while start > 0 and f"{'/'.join(PurePosixPath(path).parts[:start])}/__init__.py" in self.paths:
            start -= 1
        for first in dict.fromkeys((start, 1 if parts[:1] == ["src"] else 0)):
            if parts[first:]:
                yield ".".join(parts[first:])

    def _python(self, path: str, used: Use) -> Iterator[str]:
        bare = used.module.lstrip(".")
        level = len(used.module) - len(bare)
        if level:
            folder = PurePosixPath(path).parts[:-level] if level <= len(PurePosixPath(path).parts) else ()
            base = ".".join((*folder, *filter(None, bare.split("."))))
            yield from self._named(base, used.names, self._by_path)
        else:
            yield from self._named(bare, used.names, self.python.get)

    def _named(self, base: str, names: Sequence[str], find: Callable[[str], str | None]) -> Iterator[str]:
        own = [found for name in names if (found := find(f"{base}.{name}".strip(".")))]
        yield from own
        if len(own) < len(names) or not names:
            found = find(base)
            if found:
                yield found

    def _by_path(self, dotted: str) -> str | None:
        way = dotted.replace(".", "/")
        return next((path for path in (f"{way}.py", f"{way}/__init__.py") if path in self.paths), None)

    def _script(self, path: str, wanted: str) -> Iterator[str]:
        if not wanted.startswith((".", "@/", "~/")):
            return
        base = posixpath.dirname(path) if wanted.startswith(".") else "src"
        way = posixpath.normpath(posixpath.join(base, wanted.removeprefix("@/").removeprefix("~/")))
        bare = posixpath.splitext(way)[0] if way.endswith(_SCRIPTS) else way
        tried = [way, *(f"{stem}{suffix}" for stem in (way, bare, f"{way}/index") for suffix in _SCRIPTS)]
        yield from [each for each in tried if each in self.paths][:1]

    def _java_folder(self, package: str) -> str:
        way = package.replace(".", "/")
        return next((folder for folder in self.folders if folder == way or folder.endswith(f"/{way}")), "")


def _java_names(path: str) -> Iterator[str]:
    parts = PurePosixPath(path).with_suffix("").parts
    start = len(parts) - 1 - parts[::-1].index("java") + 1 if "java" in parts[:-1] else 0
    yield ".".join(parts[start:])


def _stranger(language: str, module: str) -> str:
    """Return the package that an import from outside comes from, "" for one that cannot be told."""
    if language == "Python":
        return "" if module.startswith(".") else module.partition(".")[0]
    if language == "Java":
        return ".".join(module.split(".")[:2])
    if language == "Go":
        return "/".join(module.split("/")[:3]) if "." in module.partition("/")[0] else module
    if module.startswith((".", "/", "@/", "~/")):
        return ""
    return "/".join(module.split("/")[: 2 if module.startswith("@") else 1])
