"""One asyncio loop a process, in a background thread, on which everything asynchronous of a worker runs.

Clients are bound to the loop they were made on; one shared loop keeps them alive and halves the CPU of a loop a run.
"""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None


def shared_loop() -> asyncio.AbstractEventLoop:
    """Return this process's loop, starting it at the first call."""
    global _loop  # noqa: PLW0603  one loop a process
    with _lock:
        if _loop is None or _loop.is_closed():
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_loop.run_forever, name="wire", daemon=True).start()
        return _loop


def run_on_wire(coroutine: Coroutine[Any, Any, T], *, timeout_s: float) -> T:
    """Run a coroutine on the shared loop and wait for it in this thread. Raises TimeoutError after `timeout_s`."""
    future = asyncio.run_coroutine_threadsafe(coroutine, shared_loop())
    try:
        return future.result(timeout_s)
    except TimeoutError:
        future.cancel()
        raise
