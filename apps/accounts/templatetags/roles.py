"""Roles in words."""

from typing import Any

from django import template

from apps.accounts.roles import SYSTEM_ROLES

register = template.Library()


@register.filter
def role_name(group: Any) -> str:
    """Return a role's name: a system role's in the reader's language, a custom one's as it was given."""
    role = SYSTEM_ROLES.get(_key(group))
    return str(role.name) if role else group.name


@register.filter
def role_words(group: Any) -> str:
    """Return the sentence that describes a role."""
    role = SYSTEM_ROLES.get(_key(group))
    return str(role.words) if role else getattr(getattr(group, "role", None), "description", "")


def _key(group: Any) -> str:
    return getattr(getattr(group, "role", None), "key", "")
