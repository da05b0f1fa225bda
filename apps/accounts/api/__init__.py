"""Signing in, members, invitations and API keys for API clients."""

from apps.accounts.api import entrance, keys, members, programs, sharing, sign_in, single_sign_on, support

urlpatterns = [
    *sign_in.urlpatterns,
    *entrance.urlpatterns,
    *members.urlpatterns,
    *keys.urlpatterns,
    *programs.urlpatterns,
    *sharing.urlpatterns,
    *single_sign_on.urlpatterns,
    *support.urlpatterns,
]
