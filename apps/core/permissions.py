"""The question that services ask before they do something."""

from typing import Any

from django.utils.translation import gettext as _

from apps.core.errors import Forbidden


def require(actor: Any, permission: str) -> None:
    """Raise Forbidden unless the actor holds the permission (`app.codename`); None is the system, which may."""
    if actor is not None and not actor.has_perm(permission):
        raise Forbidden(_("You may not do this. Your administrator can give you access."))
