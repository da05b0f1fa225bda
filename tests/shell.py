"""The shell of a running instance, kept open, for starting Django takes seconds and tests ask often: `python -m tests.shell`.

Each line that comes in is code as a JSON string; each line that goes out is JSON, `{"out": what was printed, "error": ""}`.
"""

import io
import json
import os
import sys
import traceback
from contextlib import redirect_stdout


def main():
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever else is printed is no answer
    from config.standalone.environment import fill_environment

    fill_environment()
    import django

    django.setup()
    for line in sys.stdin:
        print(json.dumps(_done(json.loads(line))), file=answers, flush=True)


def _done(code):
    from django.db import connections

    from apps.core.caches import forget_here
    from apps.core.tenancy import public_context

    printed, error = io.StringIO(), ""
    forget_here()  # as a process that has just begun
    with redirect_stdout(printed), public_context():
        try:
            exec(code, {})
        except Exception:
            error = traceback.format_exc()
        finally:
            connections.close_all()
    return {"out": printed.getvalue(), "error": error}


if __name__ == "__main__":
    main()
