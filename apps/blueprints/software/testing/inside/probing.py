"""Calls functions with plain values where scripts are run, and writes what they give to answer.json beside itself. Never imported by the product.

Told in told.json: `modules`, each [dotted name, path, names of functions].
Tells `calls`, one of [module, function, arguments, given, raised] as source text for each call that reached lines which none before had, or
gave another kind of value; and `faults`, [module, why] for each that could not be imported.
"""

import ast
import datetime as dt
import decimal
import importlib
import inspect
import itertools
import json
import signal
import sys
import types
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
MOST_TRIED, MOST_KEPT, MOST_ALIKE, MOST_LITERALS, LONGEST_S, MOST_CHARS = 150, 8, 6, 8, 0.2, 200
RAISED = (ValueError, KeyError, IndexError, ZeroDivisionError, OverflowError)
DAYS = (dt.date(2026, 3, 2), dt.date(2024, 2, 29), dt.date(2026, 12, 31), dt.date(2026, 3, 8))
PLAIN: dict[Any, tuple[Any, ...]] = {
    int: (0, 1, 7, -1, 100),
    float: (0.0, 1.5, -2.0),
    str: ("", "a", "Hello World", "12"),
    bool: (True, False),
    bytes: (b"", b"ab"),
    type(None): (None,),
    dt.date: DAYS,
    decimal.Decimal: (decimal.Decimal(0), decimal.Decimal("12.50"), decimal.Decimal(-1)),
}
NAMES = {"datetime": dt, "Decimal": decimal.Decimal}


class TookTooLong(BaseException):
    """A call did not come back in time; no handler of the code that is called takes it for an error of its own."""


def main() -> None:
    told = json.loads(FOLDER.joinpath("told.json").read_text())
    sys.path[:0] = [str(Path.cwd()), str(Path("src").resolve())]
    signal.signal(signal.SIGALRM, _stop)
    calls: list[list[str]] = []
    faults: list[list[str]] = []
    for name, path, functions in told["modules"]:
        try:
            module = importlib.import_module(name)
            texts, numbers = literals(Path(path).read_text())
        except BaseException as error:  # noqa: BLE001  whatever somebody's module does
            faults.append([path, f"{type(error).__name__}: {error}"[:MOST_CHARS]])
            continue
        for function in functions:
            found = getattr(module, function, None)
            if inspect.isfunction(found) and not inspect.iscoroutinefunction(found):
                calls += [[name, function, *each] for each in kept(found, texts, numbers)]
    FOLDER.joinpath("answer.json").write_text(json.dumps({"calls": calls, "faults": faults}))


def literals(source: str) -> tuple[list[str], list[float]]:
    """Return short texts and numbers that stand in a module: what its functions may be meant for."""
    tree = ast.parse(source)
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    values = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docs]
    texts = dict.fromkeys(value for value in values if isinstance(value, str) and 0 < len(value) <= 20)
    numbers = dict.fromkeys(float(value) for value in values if isinstance(value, int | float) and abs(value) < 1e9)
    return list(texts)[:MOST_LITERALS], list(numbers)[:MOST_LITERALS]


def kept(function: Callable[..., Any], texts: list[str], numbers: list[float]) -> Iterator[tuple[str, str, str]]:
    """Yield (arguments, given, raised) of the calls worth keeping."""
    choices = choices_of(function, texts, numbers)
    if choices is None:
        return
    seen: set[int] = set()
    kinds: set[str] = set()
    given: set[tuple[str, str]] = set()
    count = 0
    for arguments in itertools.islice(spread(choices), MOST_TRIED):
        written = source_of(arguments)
        outcome, lines = called(function, arguments)
        if written is None or outcome is None:
            continue
        kind = f"{outcome[1]}{outcome[0] in ('', 'None', '0', 'False', '[]', repr(''))}"
        is_other = outcome not in given and len(given) < MOST_ALIKE
        if lines <= seen and kind in kinds and not is_other:
            continue
        given.add(outcome)
        seen |= lines
        kinds.add(kind)
        count += 1
        yield (written, *outcome)
        if count == MOST_KEPT:
            return


def choices_of(function: Callable[..., Any], texts: list[str], numbers: list[float]) -> list[tuple[Any, ...]] | None:
    """Return the values to try for each positional argument; None where one can be given nothing plain."""
    try:
        hints = typing.get_type_hints(function)
    except Exception:  # noqa: BLE001  a name that is not there
        hints = {}
    choices = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if parameter.kind == parameter.KEYWORD_ONLY:
            if parameter.default is parameter.empty:
                return None
            continue
        values = values_of(hints.get(parameter.name, parameter.empty), texts, numbers)
        if parameter.default is not parameter.empty and not values:
            break
        if not values:
            return None
        choices.append(values)
    return choices


def values_of(hint: Any, texts: list[str], numbers: list[float]) -> tuple[Any, ...]:
    """Return values of a type, among them those that stand in the module; none for a type that is not plain."""
    whole = tuple(int(number) for number in numbers if float(number).is_integer())
    own: dict[Any, tuple[Any, ...]] = {
        inspect.Parameter.empty: (1, "a", 0, *texts[:2], [1, 2]),
        int: (*PLAIN[int][:2], *whole, *PLAIN[int][2:]),
        str: (*texts[:3], *PLAIN[str], *texts[3:]),
    }
    return (PLAIN | own).get(hint) or inner_values(hint, texts, numbers)


def inner_values(hint: Any, texts: list[str], numbers: list[float]) -> tuple[Any, ...]:
    """Return values of a type that is made of others: one of several, a choice, a list, a dictionary."""
    origin, inner = typing.get_origin(hint) or hint, typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return tuple(value for each in inner for value in values_of(each, texts, numbers)[:4])
    if origin is typing.Literal:
        return inner
    if origin in (list, tuple, set):
        items = values_of(inner[0], texts, numbers)[:3] if inner else (3, 1, 2)
        return tuple(origin(each) for each in ((), items[:1], items)) if items else ()
    if origin is dict:
        return ({}, {"a": 1}) if not inner or inner == (str, int) else ({},)
    return ()


def spread(choices: list[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Yield combinations so that each argument changes early: along each by itself first, then all of them."""
    first = tuple(each[0] for each in choices)
    yield first
    for place, values in enumerate(choices):
        for value in values[1:]:
            yield (*first[:place], value, *first[place + 1 :])
    yield from itertools.product(*choices)


def called(function: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[tuple[str, str] | None, set[int]]:
    """Call a function, and return what it gave or raised as text, None for what cannot be written down, and the lines that it reached."""
    lines: set[int] = set()
    code = function.__code__

    def trace(frame: types.FrameType, event: str, _argument: Any) -> Any:
        if frame.f_code.co_filename != code.co_filename:
            return None
        lines.add(frame.f_lineno)
        return trace

    own = [*arguments]
    signal.setitimer(signal.ITIMER_REAL, LONGEST_S)
    sys.settrace(trace)
    try:
        value = function(*eval(source_of(tuple(own)) or "()", dict(NAMES)))  # noqa: S307  a copy, which it may change
    except RAISED as error:
        return ("", type(error).__name__), lines
    except BaseException:  # noqa: BLE001  whatever somebody's function does
        return None, lines
    finally:
        sys.settrace(None)
        signal.setitimer(signal.ITIMER_REAL, 0)
    written = source_of(value)
    return (None if written is None else (written, "")), lines


def source_of(value: Any) -> str | None:
    """Return a value as source text that gives it again; None for one that is not plain."""
    if isinstance(value, set | frozenset) and len(value) > 1:
        return None  # in which order is chance
    text = repr(value)
    if len(text) > MOST_CHARS:
        return None
    try:
        again = eval(text, dict(NAMES))  # noqa: S307  where scripts are run
    except Exception:  # noqa: BLE001  whatever somebody's values do
        return None
    return text if type(again) is type(value) and again == value and repr(again) == text else None


def _stop(_signal: int, _frame: Any) -> None:
    raise TookTooLong


if __name__ == "__main__":
    main()
