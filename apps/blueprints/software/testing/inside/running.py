"""Runs tests under coverage where scripts are run, and writes what came of them to answer.json beside itself. Never imported by the product.

Told in told.json: `tests`, paths of files with tests, `has_conftest`, whether the repository's conftest.py are read, and `sources`, paths of the
files whose lines are counted. Tells `outcomes`, one of
[id, state, reason] for each test, and `covered`, for each source [path, statements, missing lines].
"""

import contextlib
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import coverage
import pytest

FOLDER, MOST_REASON = Path(__file__).parent, 1_500


class Outcomes:
    """A plugin of pytest that notes how each test ended, and which file could not be read."""

    def __init__(self) -> None:
        self.found: dict[str, list[str]] = {}

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.when == "call" or report.outcome != "passed":
            self.found[report.nodeid] = [report.nodeid, report.outcome, _reason(report)]

    def pytest_collectreport(self, report: Any) -> None:
        if report.outcome == "failed":
            self.found[report.nodeid] = [report.nodeid, "unread", _reason(report)]


def _reason(report: Any) -> str:
    crash = getattr(getattr(report, "longrepr", None), "reprcrash", None)
    text = crash.message if crash is not None else str(report.longrepr or "")
    return str(text)[-MOST_REASON:]


def run(tests: list[str], outcomes: Outcomes, *, has_conftest: bool) -> None:
    """Run files of tests without the repository's settings of pytest, which may ask for what is not here. Where pytest cannot begin, none could be read."""
    settings = FOLDER / "pytest.ini"
    settings.write_text("[pytest]\n")
    options = [
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        str(settings),
        "--rootdir=.",
        "--confcutdir=.",
        "--import-mode=importlib",
    ]
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        pytest.main([*options, *([] if has_conftest else ["--noconftest"]), *tests], plugins=[outcomes])
    for path in tests:
        if not any(name.startswith(path) for name in outcomes.found):
            why = said.getvalue().strip()[-MOST_REASON:]
            outcomes.found[path] = [path, "unread" if why else "skipped", why]


def main() -> None:
    told = json.loads(FOLDER.joinpath("told.json").read_text())
    sys.path[:0] = [str(Path.cwd()), str(Path("src").resolve())]
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path[:2])
    outcomes = Outcomes()
    measured = coverage.Coverage(
        data_file=None, config_file=False, include=[str(Path(path).resolve()) for path in told["sources"]]
    )
    measured.start()
    if told["tests"]:
        run(told["tests"], outcomes, has_conftest=told["has_conftest"])
    measured.stop()
    covered = [each for path in told["sources"] if (each := _covered(measured, path)) is not None]
    FOLDER.joinpath("answer.json").write_text(
        json.dumps({"outcomes": list(outcomes.found.values()), "covered": covered})
    )


def _covered(measured: Any, path: str) -> list[Any] | None:
    """Return a source with its statements and those of its lines that were not run; None for what is no Python."""
    try:
        _name, statements, _left_out, missing, _text = measured.analysis2(str(Path(path).resolve()))
    except coverage.CoverageException:
        return None
    return [path, statements, missing]


if __name__ == "__main__":
    main()
