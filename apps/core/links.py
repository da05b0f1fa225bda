"""Full addresses of this installation's pages."""

from django.conf import settings


def address_of(host: str, path: str = "/") -> str:
    """Return the full address of a page on a host of this installation, with its scheme and port."""
    port = f":{settings.PLATFORM_URL.port}" if settings.PLATFORM_URL.port else ""
    return f"{settings.PLATFORM_URL.scheme}://{host}{port}{path}"
