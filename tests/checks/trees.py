"""Syntax trees of our modules."""

import ast
import gc

TRIES = 5


def tree_of(path):
    """Parse a module.

    CPython 3.11 counts the recursion of its parser for the whole process: another thread, or the collector, that parses
    in between makes it raise SystemError ("AST constructor recursion depth mismatch"), though the source is fine.
    """
    for attempt in range(TRIES):
        gc.disable()
        try:
            return ast.parse(path.read_text())
        except SystemError:
            if attempt + 1 == TRIES:
                raise
        finally:
            gc.enable()
