"""The steps of the test writer: read, run what is there, see what functions give, write, and keep what passes."""

from collections.abc import Mapping, Sequence
from keyword import iskeyword
from pathlib import Path, PurePosixPath
from typing import Any

import orjson
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.agents.blueprints import Desk, Step, StepFailed
from apps.agents.sandbox.base import Script, ScriptLimits
from apps.blueprints.software.code import Module, is_test, modules_of, repository_of
from apps.blueprints.software.testing.results import (
    Call,
    Covered,
    Dropped,
    Fault,
    File,
    FileShare,
    Outcome,
    Probed,
    Reading,
    Suggested,
    Suite,
    Trial,
    Written,
    share_of,
)
from apps.blueprints.software.testing.writing import recorded, suggested, tests_in, without

INSIDE = Path(__file__).parent / "inside"
SUFFIXES = frozenset({".py", ".toml", ".cfg", ".ini", ".json", ".csv", ".txt", ".yaml", ".yml"})
LIMITS = ScriptLimits(seconds=60.0)
MOST_MODULES, MOST_SOURCE, MOST_WHY, MOST_CHARS = 12, 12_000, 300, 500
RUNS, PROBES = "running.py", "probing.py"
APART = ".apart"
"""The folder of the programs inside, beside the repository's own files."""


def read(desk: Desk) -> Reading:
    """Read the repository: what lies in it as text, and what its modules define."""
    found = repository_of(desk, suffixes=SUFFIXES)
    code = [module for module in modules_of(found.files) if module.language == "Python" and module.path.endswith(".py")]
    own = [module for module in code if not is_test(module.path)]
    if not own:
        raise StepFailed(_("There is no Python in it. Tests are written for Python alone."))
    tests = [module.path for module in code if _holds_tests(module)]
    return Reading(name=found.name, commit=found.commit, files=found.files, modules=own, tests=tests, left_out=found.left_out)  # fmt: skip


def _holds_tests(module: Module) -> bool:
    name = PurePosixPath(module.path).name
    return name.startswith("test_") or name.endswith("_test.py")


def try_own(desk: Desk) -> Trial:
    """Run the tests that are there, and see what they cover; they are left out when they take too long."""
    reading = desk.of(READ)
    try:
        return _run(desk, reading, (), reading.tests)
    except StepFailed:
        if not reading.tests:
            raise
        return _run(desk, reading, (), ()).model_copy(update={"is_cut": True})


def probe(desk: Desk) -> Probed:
    """See what functions give for plain values; what a second time is not alike is left out."""
    reading = desk.of(READ)
    modules = [
        [dotted(module.path), module.path, _functions(module)]
        for module in reading.modules
        if PurePosixPath(module.path).name not in ("__main__.py", "setup.py", "conftest.py") and has_name(module.path)
    ]
    first, second = (_told(desk, reading, PROBES, {"modules": modules}) for _time in range(2))
    again = {tuple(map(str, call)) for call in second["calls"]}
    calls = [call for call in (tuple(map(str, each)) for each in first["calls"]) if max(map(len, call)) <= MOST_CHARS]
    names = ("module", "function", "arguments", "given", "raised")
    return Probed(
        calls=[Call(**dict(zip(names, call, strict=True))) for call in calls if call in again],
        faults=[Fault(path=str(path), why=str(why)) for path, why in first["faults"]],
    )


def write(desk: Desk) -> Written:
    """Write tests: of each module what its functions give, and for the least covered what a model makes of them."""
    reading, probed = desk.of(READ), desk.of(PROBE)
    broken = {fault.path for fault in probed.faults}
    files: list[File] = []
    dropped: list[Dropped] = []
    modules = [
        module
        for module in _least_covered(reading, desk.of(TRY))
        if module.path not in broken and has_name(module.path)
    ]
    for module in modules[: MOST_MODULES * 2]:
        name = dotted(module.path)
        held = recorded(module, name, [call for call in probed.calls if call.module == name])
        files += [held] if held is not None else []
    for module in modules[:MOST_MODULES]:
        file, none = suggested(dotted(module.path), _said(desk, reading, module))
        files += [file] if file is not None else []
        dropped += none
    return Written(files=files, dropped=dropped)


def _said(desk: Desk, reading: Reading, module: Module) -> Suggested:
    source = dict(reading.files)[module.path][:MOST_SOURCE]
    names = ", ".join(each.name for each in module.definitions if each.is_public)
    about = {"module": dotted(module.path), "names": names, "source": source}
    return desk.ask(module.path, "tests", Suggested, **about) or Suggested(imports=[], tests=[])


def keep(desk: Desk) -> Suite:
    """Run what was written, keep what passes, and run that once more with the tests that were there."""
    reading, own, written = desk.of(READ), desk.of(TRY), desk.of(WRITE)
    unread = {each.test for each in own.outcomes if each.state == "unread"}
    tests = [] if own.is_cut else [path for path in reading.tests if path not in unread]
    trial = _run(desk, reading, written.files, [])
    kept, failed = _passed(written.files, trial)
    last = _run(desk, reading, kept, tests)
    kept, unsteady = _passed(kept, last)
    if unsteady:
        last = _run(desk, reading, kept, tests)
    before = {each.path: each for each in own.covered}
    shares = [
        FileShare(path=each.path, before=share_of([before[each.path]]), after=share_of([each]))
        for each in last.covered
        if each.statements and each.path in before
    ]
    return Suite(
        name=reading.name,
        files=kept,
        kept=sum(len(list(tests_in(file.text))) for file in kept),
        dropped=[*written.dropped, *failed, *unsteady],
        own=len(own.outcomes),
        own_failed=[each for each in own.outcomes if each.state in ("failed", "unread")],
        is_cut=own.is_cut,
        before=share_of(own.covered),
        after=share_of(last.covered),
        shares=shares,
        faults=desk.of(PROBE).faults,
        left_out=reading.left_out,
    )


def _passed(files: Sequence[File], trial: Trial) -> tuple[list[File], list[Dropped]]:
    """Return the files with the tests alone that passed, and the others with why they did not."""
    kept: list[File] = []
    dropped: list[Dropped] = []
    for file in files:
        unread = [each for each in trial.outcomes if each.state == "unread" and each.test.startswith(file.path)]
        ended = [each for each in trial.outcomes if each.test.startswith(f"{file.path}::")]
        good = {_name(each.test) for each in ended if each.state == "passed"}
        bad = {_name(each.test): each.reason for each in ended if each.state != "passed"}
        for name in tests_in(file.text):
            if name in bad or name not in good:
                why = bad.get(name) or (unread[0].reason if unread else _("It was not run."))
                dropped.append(Dropped(test=f"{file.path}::{name}", why=why.strip()[-MOST_WHY:]))
                good.discard(name)
        if good:
            kept.append(file.model_copy(update={"text": without(file.text, set(tests_in(file.text)) - good)}))
    return kept, dropped


def _name(test: str) -> str:
    """Return the function of a test by its id, whichever of its parameters it ran with."""
    return test.rpartition("::")[2].partition("[")[0]


def _run(desk: Desk, reading: Reading, files: Sequence[File], tests: Sequence[str]) -> Trial:
    """Run tests with coverage: those of some files that were written, and some that were there."""
    sources = [module.path for module in reading.modules]
    told = {"tests": [*tests, *(file.path for file in files)], "has_conftest": bool(tests), "sources": sources}
    answer = _told(desk, reading, RUNS, told, files)
    return Trial(
        outcomes=[
            Outcome(test=str(test), state=state, reason=str(reason)) for test, state, reason in answer["outcomes"]
        ],
        covered=[
            Covered(path=str(path), statements=len(lines), missing=[int(line) for line in missing])
            for path, lines, missing in answer["covered"]
        ],
    )


def _told(
    desk: Desk, reading: Reading, program: str, told: Mapping[str, Any], files: Sequence[File] = ()
) -> dict[str, Any]:
    """Run one of the programs inside over the repository and return what it says. Raises StepFailed when it comes to no end."""
    laid = {path: text.encode() for path, text in reading.files} | {file.path: file.text.encode() for file in files}
    laid |= {f"{APART}/{program}": (INSIDE / program).read_bytes(), f"{APART}/told.json": orjson.dumps(told)}
    answer = f"{APART}/answer.json"
    ended = desk.run(Script(laid, (f"{APART}/{program}",), wanted=(answer,)), LIMITS)
    try:
        return dict(orjson.loads(ended.files[answer]))
    except (KeyError, ValueError, TypeError) as error:
        raise StepFailed(_("The code brought its run to no end: %(why)s") % {"why": ended.output.strip()[-MOST_WHY:]}) from error  # fmt: skip


def dotted(path: str) -> str:
    """Return what a file is imported as, from the top or from src/."""
    parts = PurePosixPath(path.removeprefix("src/")).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def has_name(path: str) -> bool:
    """Say whether a file can be imported by name: `my-tool.py` cannot."""
    return all(part.isidentifier() and not iskeyword(part) for part in dotted(path).split("."))


def _functions(module: Module) -> list[str]:
    return [each.name for each in module.definitions if each.kind == "function" and each.is_public and "." not in each.name]  # fmt: skip


def _least_covered(reading: Reading, trial: Trial) -> list[Module]:
    missing = {each.path: len(each.missing) for each in trial.covered}
    return sorted(reading.modules, key=lambda module: (-missing.get(module.path, 0), module.path))


READ = Step("read", gettext_lazy("Read the repository"), Reading, read)
TRY = Step("try", gettext_lazy("Run the tests that are there"), Trial, try_own)
PROBE = Step("probe", gettext_lazy("See what functions give"), Probed, probe)
WRITE = Step("write", gettext_lazy("Write tests"), Written, write)
KEEP = Step("keep", gettext_lazy("Run them, and keep those that pass"), Suite, keep)
