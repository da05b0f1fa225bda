"""Signing in, members and invitations for API clients."""

from apps.accounts.api import members, sign_in

urlpatterns = [*sign_in.urlpatterns, *members.urlpatterns]
