"""Networks that people write: addresses and ranges."""

import ipaddress
from collections.abc import Iterable

from django.utils.translation import gettext as _

from apps.core.errors import InvalidInput


def checked_networks(texts: Iterable[str]) -> list[str]:
    """Return networks in CIDR notation, each once, in order. Raises InvalidInput (`addresses`) for one that is none."""
    try:
        return sorted({str(ipaddress.ip_network(text.strip(), strict=False)) for text in texts if text.strip()})
    except ValueError as error:
        raise InvalidInput(_("Write addresses like 203.0.113.7 or 203.0.113.0/24."), field="addresses") from error
