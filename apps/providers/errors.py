"""What can go wrong with a model, in the words of the port.

ProviderError
├── TransientError     may pass: connection, 5xx, a broken stream
│   └── RateLimited    with the provider's own retry_after_s, None when it gave none
├── RefusedError       the provider declined the content
├── InvalidRequest     our request was wrong for this model
└── AuthError          the key is wrong or has no right
"""


class ProviderError(Exception):
    """A model call failed; the text is fit for people."""


class TransientError(ProviderError):
    pass


class RateLimited(TransientError):
    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class RefusedError(ProviderError):
    pass


class InvalidRequest(ProviderError):
    pass


class AuthError(ProviderError):
    pass
