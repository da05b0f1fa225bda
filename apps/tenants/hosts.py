"""From a host name to its tenant."""

from django.conf import settings

from apps.core.tenancy import public_context
from apps.tenants.models import Tenant


def hostname(host: str) -> str:
    """Return a Host header's name in lower case without its port; IPv6 literals keep their brackets."""
    name = host.strip().lower().rstrip(".")
    if name.startswith("["):
        return name.partition("]")[0] + "]"
    return name.partition(":")[0]


def is_platform(host: str) -> bool:
    """Say whether the host is the platform's own site rather than a tenant's."""
    return hostname(host) in {settings.PLATFORM_HOST, "127.0.0.1", "[::1]"}


def tenant_for_host(host: str) -> Tenant | None:
    """Return the active tenant that owns the host, or None."""
    with public_context():
        return Tenant.objects.filter(state=Tenant.State.ACTIVE, domains__domain=hostname(host)).first()


def tenant_for_slug(slug: str) -> Tenant | None:
    """Return the active tenant with this slug (the X-Tenant header of API clients), or None."""
    with public_context():
        return Tenant.objects.filter(state=Tenant.State.ACTIVE, slug=slug.strip().lower()).first()
