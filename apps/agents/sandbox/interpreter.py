"""The tier that is always there: pydantic-monty, an interpreter of a part of Python in a process of its own.

It has no files, no network, no environment and no way to start anything; it holds what Python's syntax can do, and stops it at
limits of time, memory, depth and output. A program that brings its process down costs that process alone.
"""

import atexit
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from threading import Lock
from typing import Any

import orjson
import pydantic_monty as monty

from apps.agents.sandbox.base import MOST_CODE_BYTES, Call, Limits, Outcome, Program, ProgramFailed

MOST_PROCESSES = 32  # as many as a worker has threads: a program keeps its own while a tool that it called works
PROGRAMS_A_PROCESS = 200
WAIT_S = 20.0
USUAL = Limits()
_pool: list[monty.Monty] = []
_starting = Lock()


def run(program: Program, call: Call | None = None, limits: Limits = USUAL) -> Outcome:
    """Run a program; `call` answers each call of one of its functions, if it has any.

    Raises ProgramFailed with what is wrong. What `call` raises goes through and ends the program.
    """
    if len(program.code.encode()) > MOST_CODE_BYTES:
        raise ProgramFailed(f"The code is too long: at most {MOST_CODE_BYTES // 1024} KB.")
    printed = monty.CollectString(max_bytes=limits.output)
    try:
        with _session(program, limits) as session:
            paused = session.feed_start(program.code, inputs=dict(program.inputs), print_callback=printed)
            while not isinstance(paused, monty.MontyComplete):
                paused = _go_on(paused, program, call)
            return Outcome(_as_json(paused.output, limits.output), printed.output)
    except monty.MontyCrashedError as error:
        raise ProgramFailed("The code took too long or brought its process down.") from error
    except (monty.MontyRuntimeError, monty.MontySyntaxError) as error:
        raise ProgramFailed(error.display("traceback")[-1_500:]) from error
    except monty.MontyError as error:
        raise ProgramFailed(f"The code cannot be run: {error}"[:1_500]) from error


def works() -> bool:
    """Say whether this tier runs here, by running something; once it has, it is not tried again."""
    try:
        return _has_run()
    except (ProgramFailed, OSError, RuntimeError):
        return False


@cache
def _has_run() -> bool:
    return bool(run(Program("6 * 7")).value == 42)


@contextmanager
def _session(program: Program, limits: Limits) -> Iterator[monty.MontySession]:
    """Take a process for a program. Raises ProgramFailed when none comes free in time."""
    with ExitStack() as stack:
        try:
            place = _processes().checkout(limits=_bounds(limits), os_policy=_world(program))
            session = stack.enter_context(place)
        except TimeoutError as error:
            raise ProgramFailed("Too much code is being run at this moment. Try again in a moment.") from error
        yield session


def _processes() -> monty.Monty:
    """Return the pool of this process, started with the first program."""
    with _starting:
        if not _pool:
            pool = monty.Monty(
                max_processes=MOST_PROCESSES,
                checkout_timeout=WAIT_S,
                request_timeout=WAIT_S,
                max_checkouts_per_worker=PROGRAMS_A_PROCESS,
            )
            pool.__enter__()
            atexit.register(pool.__exit__, None, None, None)
            _pool.append(pool)
        return _pool[0]


def _bounds(limits: Limits) -> monty.ResourceLimits:
    return monty.ResourceLimits(
        max_feed_duration_secs=limits.seconds,
        max_memory=limits.memory,
        max_recursion_depth=limits.depth,
        max_suspensions=10 * limits.calls,
    )


def _world(program: Program) -> monty.OSPolicy:
    world = monty.OSPolicy(sleep="zero", random_start={"seed": program.seed})
    return world if program.now is None else monty.OSPolicy(**world, datetime=program.now)


def _go_on(paused: Any, program: Program, call: Call | None) -> Any:
    """Answer what the program waits for: a call of one of its functions, and nothing else."""
    if isinstance(paused, monty.FunctionSnapshot):
        if paused.is_os_function:
            return paused.resume_not_handled()
        if call is not None and paused.function_name in program.functions:
            return paused.resume({"return_value": call(str(paused.function_name), paused.args, paused.kwargs)})
        return paused.resume({"exception": NameError(f"name '{paused.function_name}' is not defined")})
    if isinstance(paused, monty.NameLookupSnapshot):
        return paused.resume()
    raise ProgramFailed("The code waits for what never comes.")


def _as_json(value: Any, most: int) -> Any:
    """Return a value as JSON knows it, others as text. Raises ProgramFailed for a large one."""
    try:
        text = orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS)
    except (TypeError, ValueError, RecursionError):
        text = orjson.dumps(str(value))
    if len(text) > most:
        raise ProgramFailed(f"The result is too large: at most {most // 1024} KB. Return less of it.")
    return orjson.loads(text)
