"""What can go wrong with a model, in the words of the port.

ProviderError
├── TransientError         may pass: the provider failed
│   ├── Unreachable        no connection, or it broke
│   ├── TimedOut           no answer in time, or none any more
│   ├── BrokenOff          the answer ended before its end
│   ├── Garbled            the answer is not what the protocol says
│   ├── EmptyAnswer        it ended well and held nothing
│   ├── Paused             its breaker lets nobody through, with retry_after_s
│   └── RateLimited        with the provider's own retry_after_s, None when it gave none
├── RefusedError           the provider declined the content
├── InvalidRequest         our request was wrong for this model
│   ├── UnknownModel       the provider does not have it (any more), or the address is wrong
│   ├── TooLongForModel    more than the model can read
│   └── TooLargeForUs      the answer is larger than we hold
├── SwitchedOff            nobody that could be asked is switched on
├── QuotaSpent             the account at the provider has no money left
└── AuthError              the key is wrong or has no right

Each has its sentence in English, which doors translate.
"""

import random

MAX_BACKOFF_S, MAX_WAIT_S = 30.0, 300.0


def gettext_noop(sentence: str) -> str:
    """Mark a sentence for the catalogues; the port knows no framework that would translate it."""
    return sentence


class ProviderError(Exception):
    """A model call failed; the text is fit for people."""

    sentence = gettext_noop("The provider failed.")

    def __init__(self) -> None:
        super().__init__(self.sentence)


class TransientError(ProviderError):
    retry_after_s: float | None = None

    def wait_s(self, attempts: int) -> float:
        """Return the seconds until the next try: growing and jittered, or what the provider asks for, five minutes at most."""
        grown_s = min(MAX_BACKOFF_S, 2.0**attempts) * random.uniform(0.5, 1.0)
        return grown_s if self.retry_after_s is None else min(max(self.retry_after_s, grown_s), MAX_WAIT_S)


class Unreachable(TransientError):
    sentence = gettext_noop("The provider could not be reached, or broke the connection off.")


class TimedOut(TransientError):
    sentence = gettext_noop("The model took too long.")


class BrokenOff(TransientError):
    sentence = gettext_noop("The model's answer broke off.")


class Garbled(TransientError):
    sentence = gettext_noop("The model's answer was garbled.")


class EmptyAnswer(TransientError):
    sentence = gettext_noop("The model gave an empty answer.")


class _Later(TransientError):
    def __init__(self, *, retry_after_s: float | None = None) -> None:
        super().__init__()
        self.retry_after_s = retry_after_s


class Paused(_Later):
    sentence = gettext_noop("The provider failed several times in a row and is left alone for a moment.")


class RateLimited(_Later):
    sentence = gettext_noop("The provider asks us to slow down.")


class RefusedError(ProviderError):
    sentence = gettext_noop("The provider's content filter stopped the answer.")


class InvalidRequest(ProviderError):
    sentence = gettext_noop("The provider refused the request.")


class UnknownModel(InvalidRequest):
    sentence = gettext_noop("The provider does not know this model or address.")


class TooLongForModel(InvalidRequest):
    sentence = gettext_noop("The conversation is longer than this model can read.")


class TooLargeForUs(InvalidRequest):
    sentence = gettext_noop("The model sent more than an answer can hold.")


class SwitchedOff(ProviderError):
    sentence = gettext_noop("The model's provider is switched off, and no other model is asked instead.")


class QuotaSpent(ProviderError):
    sentence = gettext_noop("The account at the provider has nothing left.")


class AuthError(ProviderError):
    sentence = gettext_noop("The provider did not accept the key.")
