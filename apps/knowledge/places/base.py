"""What a place outside can do, and the one way in which all of them ask it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import httpx2
from django.conf import settings
from django.utils.translation import gettext as _

from apps.core.errors import InvalidInput
from apps.core.http import Fetched as Answer
from apps.core.http import fetch
from apps.core.wire import run_on_wire

AGENT = "Guildhall"
TIMEOUT_S = 30.0
REDIRECTS = 5
MOST_ITEMS = 5_000
LISTING_BYTES = 16 << 20


class PlaceFailed(Exception):
    """The place could not be read; the sentence is for people. `is_transient`: it may work a little later."""

    def __init__(self, sentence: str, *, is_transient: bool = False) -> None:
        super().__init__(sentence)
        self.sentence, self.is_transient = sentence, is_transient


@dataclass(frozen=True)
class Item:
    """One thing there. `mark` is what changes with it, "" where the place says nothing before it is fetched."""

    key: str
    mark: str = ""


@dataclass(frozen=True)
class Fetched:
    """What an item is: a file with a name; `mark` as it was when it was fetched."""

    name: str
    data: bytes
    mark: str


class Place(Protocol):
    """A place outside, as a source describes it."""

    def items(self) -> Iterator[Item]:
        """Yield what is there. Raises PlaceFailed."""

    def fetch(self, item: Item) -> Fetched:
        """Fetch one. Raises PlaceFailed."""


def ask(
    url: str, *, headers: Mapping[str, str] | None = None, most_bytes: int = 0, redirects: int = REDIRECTS
) -> Answer:
    """GET an address through the guarded client. Raises PlaceFailed, for an answer that is none too."""
    asked = fetch(
        "GET",
        url,
        allowed=settings.TOOL_PRIVATE_HOSTS,
        timeout_s=TIMEOUT_S,
        most_bytes=most_bytes or settings.MAX_DOCUMENT_BYTES,
        headers={"User-Agent": AGENT, "Accept-Encoding": "identity", **(headers or {})},
        redirects=redirects,
    )
    try:
        answer = run_on_wire(asked, timeout_s=2 * TIMEOUT_S)
    except InvalidInput as error:
        raise PlaceFailed(str(error.message)) from error
    except TimeoutError as error:
        raise PlaceFailed(_("It did not answer in time."), is_transient=True) from error
    except httpx2.HTTPError as error:
        message = _("It could not be reached: %(reason)s") % {"reason": str(error)[:150]}
        raise PlaceFailed(message, is_transient=isinstance(error, httpx2.TransportError)) from error
    if answer.status >= 400:
        raise PlaceFailed(_refusal(answer.status), is_transient=answer.status in (429, 500, 502, 503, 504))
    return answer


def _refusal(status: int) -> str:
    words = {
        401: _("It wants to know who asks: check the access token or key."),
        403: _("It refuses: check the access token or key, and what it may read."),
        404: _("There is nothing at this address."),
        429: _("It was asked too often."),
    }
    return words.get(status, _("It answered with an error (%(status)d).") % {"status": status})
