"""Who sees which people and invitations."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils import timezone

if TYPE_CHECKING:
    from apps.accounts.models import AccessRequest, ApiKey, Invitation, Program, User  # noqa: F401


class UserQuerySet(models.QuerySet["User"]):
    def visible_to(self, user: Any) -> "UserQuerySet":
        """Everybody, for whoever may see the list of members; otherwise oneself."""
        return self if user.has_perm("accounts.view_user") else self.filter(pk=user.pk)

    def matching(self, words: str) -> "UserQuerySet":
        """People whose name or address holds every word."""
        found = self
        for word in words.split():
            found = found.filter(models.Q(name__icontains=word) | models.Q(email__icontains=word))
        return found

    def service_accounts(self) -> "UserQuerySet":
        """The organisation's own accounts for programs: not those of support, nor those that ask for people outside."""
        return self.filter(is_service=True, is_outside=False, operator_id=None)

    def holding(self, role_key: str) -> "UserQuerySet":
        """People with a system role."""
        return self.filter(groups__role__key=role_key)


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def visible_to(self, user: Any) -> "InvitationQuerySet":
        return self if user.has_perm("accounts.view_invitation") else self.none()

    def matching(self, words: str) -> "InvitationQuerySet":
        """Those whose address holds every word."""
        found = self
        for word in words.split():
            found = found.filter(email__icontains=word)
        return found

    def open(self) -> "InvitationQuerySet":
        """Those that can still be accepted."""
        return self.filter(accepted_at=None, expires_at__gt=timezone.now())

    def unanswered(self) -> "InvitationQuerySet":
        """Those that nobody accepted, run out or not."""
        return self.filter(accepted_at=None)


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def visible_to(self, user: Any) -> "ApiKeyQuerySet":
        """One's own keys; everybody's, for whoever may view them."""
        return self if user.has_perm("accounts.view_apikey") else self.filter(account=user)

    def valid(self) -> "ApiKeyQuerySet":
        """Keys that open something: not revoked, not run out, of an active account."""
        in_time = models.Q(expires_at=None) | models.Q(expires_at__gt=timezone.now())
        return self.filter(in_time, revoked_at=None, account__is_active=True)


class ProgramQuerySet(models.QuerySet["Program"]):
    def visible_to(self, user: Any) -> "ProgramQuerySet":
        """Those that one let in; everybody's, for whoever manages keys."""
        return self if user.has_perm("accounts.manage_keys") else self.filter(account=user)


class AccessRequestQuerySet(models.QuerySet["AccessRequest"]):
    def visible_to(self, user: Any) -> "AccessRequestQuerySet":
        """One's own; everybody's, for whoever manages the members."""
        return self if user.has_perm("accounts.manage_members") else self.filter(asked_by=user)

    def open(self) -> "AccessRequestQuerySet":
        """Those that nobody answered yet."""
        return self.filter(answered_at=None)
