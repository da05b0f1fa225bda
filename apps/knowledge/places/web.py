"""Web pages: one, or those that a website's site map names and its robots.txt leaves to us.

Sources: https://www.sitemaps.org/protocol.html, RFC 9309 (robots.txt).
"""

import gzip
import hashlib
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import PurePosixPath
from urllib.parse import unquote, urljoin, urlsplit
from urllib.robotparser import RobotFileParser
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from django.utils.translation import gettext as _

from apps.core.language import one_line
from apps.knowledge.parsers.kinds import BY_SUFFIX
from apps.knowledge.places.base import AGENT, LISTING_BYTES, Fetched, Item, PlaceFailed, ask

SUFFIX_OF = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "text/csv": ".csv",
    "application/json": ".json",
    "application/pdf": ".pdf",
}
MOST_MAPS = 50
MOST_WAIT_S = 10.0
ROBOTS_BYTES = 500 << 10
GZIP = b"\x1f\x8b"


class Page:
    """One page."""

    def __init__(self, address: str) -> None:
        self.address = address

    def items(self) -> Iterator[Item]:
        yield Item(self.address)

    def fetch(self, item: Item) -> Fetched:
        return fetched(item.key)


class Site:
    """The pages of a website that its site map names, of its own host alone, one after the other at the pace it asks for."""

    def __init__(self, address: str) -> None:
        self.address, self.host = address, urlsplit(address).netloc.lower()
        self.robots = RobotFileParser()
        self.has_asked = False

    def items(self) -> Iterator[Item]:
        self._read_robots()
        seen: set[str] = set()
        for item in self._listed():
            is_ours = urlsplit(item.key).netloc.lower() == self.host and self.robots.can_fetch(AGENT, item.key)
            if is_ours and item.key not in seen and len(item.key) <= 700:
                seen.add(item.key)
                yield item

    def fetch(self, item: Item) -> Fetched:
        if self.has_asked:
            wanted = self.robots.crawl_delay(AGENT)
            time.sleep(min(float(wanted or 0.0), MOST_WAIT_S))
        self.has_asked = True
        return fetched(item.key, mark=item.mark)

    def _read_robots(self) -> None:
        """Read what the site leaves to us; where there is no robots.txt that is everything."""
        try:
            answer = ask(urljoin(self.address, "/robots.txt"), most_bytes=ROBOTS_BYTES)
        except PlaceFailed as error:
            if error.is_transient:
                raise
            self.robots.parse([])
        else:
            self.robots.parse(answer.body.decode(errors="replace").splitlines())

    def _listed(self) -> Iterator[Item]:
        waiting, opened = self._maps(), 0
        while waiting and opened < MOST_MAPS:
            address, opened = waiting.pop(0), opened + 1
            root = _xml(ask(address, most_bytes=LISTING_BYTES).body)
            for entry in root:
                found = {_tag(child): (child.text or "").strip() for child in entry}
                if _tag(entry) == "sitemap" and urlsplit(found.get("loc", "")).netloc.lower() == self.host:
                    waiting.append(found["loc"])
                elif _tag(entry) == "url" and found.get("loc"):
                    yield Item(found["loc"], found.get("lastmod", "")[:200])

    def _maps(self) -> list[str]:
        """Return where the site map is: at the address itself, where robots.txt says, or where it usually lies."""
        if self.address.lower().endswith((".xml", ".xml.gz")):
            return [self.address]
        named = [url for url in self.robots.site_maps() or [] if urlsplit(url).netloc.lower() == self.host]
        return named or [urljoin(self.address, "/sitemap.xml")]


def fetched(address: str, *, mark: str = "") -> Fetched:
    """Fetch one page, named after its address with the ending of what it is. Raises PlaceFailed."""
    answer = ask(address)
    parts = urlsplit(address)
    suffix = PurePosixPath(parts.path).suffix.lower()
    if suffix not in BY_SUFFIX:
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in SUFFIX_OF:
            raise PlaceFailed(_("This page is of a kind that cannot be read."))
        suffix = SUFFIX_OF[kind]
    name = one_line(unquote(f"{parts.netloc}{parts.path.rstrip('/')}{'?' + parts.query if parts.query else ''}"), 240)
    name = name if name.lower().endswith(suffix) else name + suffix
    return Fetched(name, answer.body, mark or hashlib.sha256(answer.body).hexdigest())


def _xml(data: bytes) -> Element:
    try:
        if data.startswith(GZIP):
            with gzip.GzipFile(fileobj=BytesIO(data)) as packed:
                data = packed.read(LISTING_BYTES)
        root: Element = fromstring(data)
    except (ParseError, DefusedXmlException, OSError, EOFError, ValueError) as error:
        raise PlaceFailed(_("There is no site map here that can be read.")) from error
    return root


def _tag(element: Element) -> str:
    return str(element.tag).rpartition("}")[2].lower()
