import os
import re
import subprocess
import sys

PROMISE = "objects of others answer as what does not exist"
FAULT = "every route by anonymous, stranger, colleague, owner, admin, suspended, narrow key"
PROMISED = "every route listed, 0 unexpected"


def prove(live, is_full):
    environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL", "GUILDHALL_DATA")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/access"], capture_output=True, text=True, env=environment
    )
    line = re.findall(r"(?:\d+ \w+(?:, )?)+ in .*", done.stdout)
    return line[-1].strip() if line else done.stdout[-200:], done.returncode == 0
