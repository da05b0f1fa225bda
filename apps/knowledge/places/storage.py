"""A folder of S3-compatible storage: its listing and its objects, asked by signed addresses.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html; botocore signs (Signature Version 4).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, urlencode
from xml.etree.ElementTree import ParseError

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from django.utils.translation import gettext as _

from apps.knowledge.parsers.kinds import OF_FOLDERS
from apps.knowledge.places.base import LISTING_BYTES, MOST_ITEMS, Fetched, Item, PlaceFailed, ask

USUAL_REGION = "us-east-1"
EMPTY_DIGEST = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@dataclass(frozen=True)
class Bucket:
    """A bucket at an endpoint, by path (`https://host/bucket`), and a folder of it; without a key it is asked unsigned."""

    address: str
    name: str
    folder: str
    region: str
    key: str
    secret: str

    def items(self) -> Iterator[Item]:
        token, seen = "", 0
        while seen <= MOST_ITEMS:
            root = self._listing(token)
            for entry in root.iter():
                if _tag(entry.tag) == "Contents":
                    told = {_tag(child.tag): child.text or "" for child in entry}
                    if PurePosixPath(told.get("Key", "")).suffix.lower() in OF_FOLDERS and len(told["Key"]) <= 700:
                        seen += 1
                        yield Item(told["Key"], told.get("ETag", "").strip('"')[:200])
            token = next((e.text or "" for e in root.iter() if _tag(e.tag) == "NextContinuationToken"), "")
            if not token:
                return

    def fetch(self, item: Item) -> Fetched:
        answer = self._asked(f"/{quote(self.name)}/{quote(item.key)}")
        return Fetched(f"{self.name}/{item.key}"[-240:], answer, item.mark)

    def _listing(self, token: str) -> Any:
        asked = {"list-type": "2", "max-keys": "1000"}
        folder = self.folder.lstrip("/")
        asked |= {"prefix": folder if not folder or folder.endswith("/") else f"{folder}/"}
        asked |= {"continuation-token": token} if token else {}
        body = self._asked(f"/{quote(self.name)}?{urlencode(sorted(asked.items()), quote_via=quote)}", LISTING_BYTES)
        try:
            return fromstring(body)
        except (ParseError, DefusedXmlException, ValueError) as error:
            raise PlaceFailed(_("It answers with something else than a bucket.")) from error

    def _asked(self, path: str, most_bytes: int = 0) -> bytes:
        request = AWSRequest("GET", f"{self.address.rstrip('/')}{path}", headers={"x-amz-content-sha256": EMPTY_DIGEST})
        if self.key:
            S3SigV4Auth(Credentials(self.key, self.secret), "s3", self.region or USUAL_REGION).add_auth(request)
        headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
        return ask(request.url, headers=headers, most_bytes=most_bytes, redirects=0).body


def _tag(tag: object) -> str:
    return str(tag).rpartition("}")[2]
