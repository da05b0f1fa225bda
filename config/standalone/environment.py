"""The environment of the processes on one machine: where data lies, which ports, which secrets.

Whatever is set from outside wins; with DATABASE_URL and REDIS_URL set nothing embedded is started.
"""

import json
import os
import secrets
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def data_dir() -> Path:
    """Return the folder for everything that is kept, GUILDHALL_DATA or var/."""
    return Path(os.environ.get("GUILDHALL_DATA") or ROOT / "var").expanduser().resolve()


def uses_own_services() -> bool:
    """Say whether the operator brought PostgreSQL and Redis."""
    return bool(os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"))


def secret(folder: Path, name: str) -> str:
    """Return a secret of this instance, made at the first call and readable by its owner alone."""
    path = folder / "secrets" / name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48))
    return path.read_text().strip()


def demo_password(folder: Path) -> str:
    """Return the password of the demo people: DEMO_PASSWORD, else one made for this instance."""
    chosen = os.environ.get("DEMO_PASSWORD")
    return chosen or "guild-" + secret(folder, "demo_password")[:10].replace("_", "x").replace("-", "y")


def recorded_ports(folder: Path) -> dict[str, int]:
    """Return the ports that the embedded services of this folder listen on, {} before the first start."""
    try:
        return json.loads((folder / "ports.json").read_text())
    except (OSError, ValueError):
        return {}


def fill_environment() -> None:
    """Set what a process needs and the caller did not: secrets, and the addresses of the embedded services."""
    folder = data_dir()
    if not os.environ.get("SECRET_KEY") and not _is_production():
        os.environ["SECRET_KEY"] = secret(folder, "secret_key")
    if uses_own_services() or _is_production():
        return
    ports = recorded_ports(folder)
    if not os.environ.get("DATABASE_URL"):
        os.environ["DATABASE_URL"] = f"postgres://guildhall@127.0.0.1:{ports.get('postgres', 0)}/guildhall"
    if not os.environ.get("REDIS_URL"):
        password = secret(folder, "redis_password")
        os.environ["REDIS_URL"] = f"redis://:{password}@127.0.0.1:{ports.get('redis', 0)}/0"


def _is_production() -> bool:
    return os.environ.get("DJANGO_SETTINGS_MODULE", "").endswith("production")
