"""Reading of environment variables that need more than a type."""


def parse_private_hosts(values: list[str]) -> frozenset[str]:
    """Turn `host` or `host:port` words into a set in lower case; each allows one private address."""
    return frozenset(value.strip().lower() for value in values if value.strip())
