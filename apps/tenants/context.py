"""What every template may know of the active tenant."""

from typing import Any

from django.http import HttpRequest

from apps.core.tenancy import current_tenant, has_tenant

THEMES = ("auto", "light", "dark")


def tenant(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `tenant` (None on the platform's site), `theme`."""
    theme = request.COOKIES.get("theme", "auto")
    return {
        "tenant": current_tenant() if has_tenant() else None,
        "theme": theme if theme in THEMES else "auto",
    }
