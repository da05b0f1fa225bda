"""The HTTP client connects to checked addresses alone."""

import pytest

from apps.core.errors import InvalidInput
from apps.core.http import check_url, guarded_client, is_public_address

INSIDE = [
    "127.0.0.1",
    "10.0.0.1",
    "192.168.1.1",
    "172.16.0.1",
    "169.254.169.254",
    "168.63.129.16",
    "0.0.0.0",
    "::1",
    "fe80::1",
    "fd00::1",
    "64:ff9b::7f00:1",
    "::ffff:127.0.0.1",
    "2002:7f00:1::",
    "100.64.0.1",
    "224.0.0.1",
    "198.18.0.1",
]


@pytest.mark.parametrize("address", INSIDE)
def test_private_address_is_not_public(address):
    assert not is_public_address(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "2606:4700:4700::1111"])
def test_public_address_is_public(address):
    assert is_public_address(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]"])
async def test_private_host_is_not_connected(host, standin):
    import httpx2

    before = len(standin.requests)
    port = standin.server.server_address[1]
    async with guarded_client(allowed=frozenset(), timeout_s=3) as client:
        with pytest.raises(httpx2.ConnectError, match="private address|resolved"):
            await client.post(f"http://{host}:{port}/v1/chat/completions", json={})
    assert len(standin.requests) == before


@pytest.mark.parametrize(
    "url", ["ftp://a.example", "file:///etc/passwd", "http://", "http://u:p@a.example", "gopher://x", "//a"]
)
def test_odd_url_is_refused(url):
    with pytest.raises(InvalidInput):
        check_url(url)
