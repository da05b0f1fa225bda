"""What people do with their accounts, as the audit names it."""

from django.utils.translation import gettext_lazy as _

from apps.audit.actions import Action

ACCOUNT_CREATED = Action("account.created", _("created an account"))
SIGNED_IN = Action("account.signed_in", _("signed in"))
SIGNED_OUT = Action("account.signed_out", _("signed out"))
SIGN_IN_FAILED = Action("account.sign_in_failed", _("failed to sign in"))
PASSWORD_RESET = Action("account.password_reset", _("set a new password"))
