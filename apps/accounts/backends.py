"""Who signs in with a password, and `user.has_perm(permission, object)` for shared objects, as Django and templates ask it."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.backends import BaseBackend

from apps.accounts.grants import ALL_LEVELS, Shared
from apps.core.tenancy import has_tenant
from apps.tenants.options import SSO_ONLY
from apps.tenants.resolver import resolve


class PasswordBackend(AuthenticationBackend):
    """allauth's, shut where single sign-on is the only way in: for pages, the API and whatever else asks."""

    def authenticate(self, request: Any, **credentials: Any) -> Any:
        if has_tenant() and resolve(SSO_ONLY).value:
            return None
        return super().authenticate(request, **credentials)


class GrantBackend(BaseBackend):
    """Answers for one object what `reached_by` answers for many, with the grants' time and conditions."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        level, _, name = perm.rpartition(".")[2].partition("_")
        if not isinstance(obj, Shared) or level not in ALL_LEVELS or name != obj._meta.model_name:
            return False
        return type(obj)._default_manager.reached_by(user_obj, level).filter(pk=obj.pk).exists()  # type: ignore[attr-defined]
