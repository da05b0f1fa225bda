"""What people do with their accounts, as the audit names it."""

from django.utils.translation import gettext_lazy as _

from apps.audit.actions import Action

ACCOUNT_CREATED = Action("account.created", _("created an account"))
SIGNED_IN = Action("account.signed_in", _("signed in"))
SIGNED_OUT = Action("account.signed_out", _("signed out"))
SIGN_IN_FAILED = Action("account.sign_in_failed", _("failed to sign in"))
MEMBER_INVITED = Action("member.invited", _("invited a person"))
INVITATION_REVOKED = Action("member.invitation_revoked", _("took back an invitation"))
INVITATION_ACCEPTED = Action("member.joined", _("accepted an invitation"))
ROLES_CHANGED = Action("member.roles_changed", _("changed the roles of a person"))
MEMBER_SUSPENDED = Action("member.suspended", _("suspended a person"))
MEMBER_RESTORED = Action("member.restored", _("let a suspended person in again"))
TOKEN_REUSED = Action("account.token_reused", _("presented a refresh token that was spent"))
KEY_MADE = Action("api_key.made", _("made an API key"))
KEY_REVOKED = Action("api_key.revoked", _("revoked an API key"))
SERVICE_MADE = Action("service_account.made", _("made a service account"))
PROFILE_CHANGED = Action("account.profile_changed", _("changed their profile"))
SESSIONS_ENDED = Action("account.sessions_ended", _("signed other browsers out"))
MFA_ADDED = Action("account.mfa_added", _("added a second factor"))
MFA_REMOVED = Action("account.mfa_removed", _("removed a second factor"))
MFA_RESET = Action("member.mfa_reset", _("took the second factors from a person"))
PASSWORD_CHANGED = Action("account.password_changed", _("changed their password"))
PASSWORD_RESET = Action("account.password_reset", _("set a new password"))
