"""Values that travel with a new tenant."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Owner:
    """The first person of a tenant. Without a password hash they are sent a link to set one."""

    email: str
    name: str
    password_hash: str = ""
    language: str = ""
