"""What can go wrong with a service outside, in sentences that may be shown."""

from apps.core.errors import InvalidInput


class UnreadableDescription(InvalidInput):
    """The document describes no operations that could be called."""

    code = "unreadable_description"


class SignInFailed(InvalidInput):
    """One cannot sign in at a service; the sentence says why."""

    code = "sign_in_failed"


class SignInRefused(SignInFailed):
    """The service knows us, and gives no token for what we showed."""


class ClientUnknown(SignInRefused):
    """The service does not know us, or no longer."""


class CallFailed(Exception):
    """The service did not do it; the sentence may go to a model."""
