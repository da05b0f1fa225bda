"""Signing in at a remote MCP server by OAuth 2.1: where that is, who we are there, and the tokens. Nothing is stored here.

What is said follows the official SDK's models and rules (RFC 9728, 8414, 7591, 8707, 9207); it goes through the guarded client.
"""

import base64
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import httpx2
import orjson
from django.utils.translation import gettext as _
from mcp.client.auth import OAuthFlowError, OAuthRegistrationError
from mcp.client.auth import utils as rules
from mcp.client.auth.oauth2 import check_registration_usable
from mcp.shared.auth import (
    OAuthClientInformationFull,
    OAuthClientMetadata,
    OAuthMetadata,
    OAuthToken,
    ProtectedResourceMetadata,
)
from mcp.shared.auth_utils import check_resource_allowed, resource_url_from_server_url
from pydantic import BaseModel, ValidationError

from apps.core.http import Fetched
from apps.core.language import one_line
from apps.core.models import is_storable
from apps.integrations.asking import answered
from apps.integrations.errors import CallFailed, ClientUnknown, SignInFailed, SignInRefused

GRANTS = ["authorization_code", "refresh_token"]
POST, BASIC = "client_secret_post", "client_secret_basic"
METHODS = (POST, BASIC, "none")
"""How we show who we are where tokens are given, the best first: where tokens are taken back the official server knows the form alone."""
MOST_BYTES = 256 << 10
ASK = orjson.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"})
Told = TypeVar("Told", bound=BaseModel)


@dataclass(frozen=True)
class Place:
    """Where a server's clients sign in, what the token is for, and the rights to ask for."""

    server: OAuthMetadata
    resource: str
    scope: str

    @property
    def issuer(self) -> str:
        return str(self.server.issuer)

    @property
    def host(self) -> str:
        """Where the person is led to."""
        return urlsplit(str(self.server.authorization_endpoint)).netloc

    def stored(self) -> dict[str, Any]:
        server = self.server.model_dump(mode="json", exclude_none=True)
        return {"server": server, "resource": self.resource, "scope": self.scope}

    @classmethod
    def of(cls, stored: dict[str, Any]) -> "Place":
        return cls(OAuthMetadata.model_validate(stored["server"]), stored["resource"], stored["scope"])


def discover(url: str) -> Place:
    """Find out where one signs in to use a server. Raises SignInFailed when it does not say, or asks for what we do not do; CallFailed."""
    refusal = _refusal(url)
    about = _resource(url, rules.extract_resource_metadata_from_www_auth(refusal))
    server = _server(str(about.authorization_servers[0]) if about else None, url)
    if "S256" not in (server.code_challenge_methods_supported or ()):
        raise SignInFailed(_("The service does not protect its sign-in as OAuth 2.1 asks for (PKCE)."))
    scope = rules.get_client_metadata_scopes(rules.extract_scope_from_www_auth(refusal), about, server, GRANTS)
    resource = str(about.resource) if about else resource_url_from_server_url(url)
    place = Place(server, resource, scope or "")
    if not is_storable(place.stored()):
        raise SignInFailed(_("The service does not say where one signs in."))
    return place


def _refusal(url: str) -> httpx2.Response:
    """Return what a server answers to somebody who has not signed in."""
    headers = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
    return _challenge(answered("POST", url, headers, ASK, most_bytes=MOST_BYTES))


def _challenge(answer: Fetched) -> httpx2.Response:
    """Return of an answer what the SDK reads the challenge from; the header may hold any letters."""
    words = answer.headers.get("www-authenticate", "").encode("utf-8", "replace")
    return httpx2.Response(answer.status, headers=[(b"www-authenticate", words)])


def _resource(url: str, told: str | None) -> ProtectedResourceMetadata | None:
    """Return what the server says of itself (RFC 9728), None when it says nothing."""
    for address in rules.build_protected_resource_metadata_discovery_urls(told, url):
        found = _read(address, ProtectedResourceMetadata)
        if found is None:
            continue
        if not check_resource_allowed(resource_url_from_server_url(url), str(found.resource)):
            raise SignInFailed(_("The service says that its sign-in is for another address."))
        return found
    return None


def _server(issuer: str | None, url: str) -> OAuthMetadata:
    """Return what the authorization server says of itself (RFC 8414), which has to be the one that was named."""
    parts = urlsplit(url)
    expected = issuer or f"{parts.scheme}://{parts.netloc}"
    for address in rules.build_oauth_authorization_server_metadata_discovery_urls(issuer, url):
        found = _read(address, OAuthMetadata)
        if found is None:
            continue
        if not rules.issuers_match(str(found.issuer), expected):
            raise SignInFailed(_("The service's sign-in calls itself otherwise than the service calls it."))
        return found
    raise SignInFailed(_("The service does not say where one signs in."))


def _read(url: str, model: type[Told]) -> Told | None:
    """Return what is described at an address, None where nothing is. Raises CallFailed when it cannot be said."""
    answer = answered("GET", url, {"Accept": "application/json"}, None, most_bytes=MOST_BYTES)
    if answer.status >= 500 or answer.status == 429:
        raise CallFailed(f"The service answered {answer.status}.")
    if answer.status != 200:
        return None
    try:
        return model.model_validate_json(answer.body)
    except ValidationError:
        return None


def register(place: Place, *, address: str) -> OAuthClientInformationFull:
    """Have the service know us, whom it sends back to an address of ours (RFC 7591). Raises SignInFailed, CallFailed."""
    if place.server.registration_endpoint is None:
        words = _(
            "The service knows only programs that are registered there by hand: with %(address)s as redirect address."
            " Then write the client ID (and its secret) into this connection."
        )
        raise SignInFailed(words % {"address": address})
    offered = place.server.token_endpoint_auth_methods_supported or (BASIC,)
    about = OAuthClientMetadata.model_validate(
        {
            "redirect_uris": [address],
            "client_name": "Guildhall",
            "grant_types": GRANTS,
            "token_endpoint_auth_method": next((method for method in METHODS if method in offered), "none"),
            "application_type": "web" if address.startswith("https:") else "native",
            "scope": place.scope or None,
        }
    )
    request = rules.create_client_registration_request(place.server, about, "")
    answer = answered(
        "POST", str(request.url), {"Content-Type": "application/json"}, request.content, most_bytes=MOST_BYTES
    )
    if answer.status not in (200, 201):
        raise SignInFailed(_("The service does not let us register: %(words)s") % {"words": _told(answer)})
    try:
        client = OAuthClientInformationFull.model_validate_json(answer.body)
        check_registration_usable(client)
    except (ValidationError, OAuthRegistrationError) as error:
        raise SignInFailed(_("The service registered us in a way that we cannot use.")) from error
    return client


def address_to_ask(place: Place, client: OAuthClientInformationFull, *, back: str, state: str, challenge: str) -> str:
    """Return where a person lets us in; they come back to `back` with the state and a code."""
    asked = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": back,
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "resource": place.resource,
    }
    if place.scope:
        asked["scope"] = place.scope
    if "offline_access" in place.scope.split():
        asked["prompt"] = "consent"  # OpenID Connect gives no refresh token without
    endpoint = str(place.server.authorization_endpoint)
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"


def wanted_scope(refusal: Fetched) -> str:
    """Return the rights that a refused call would need (RFC 6750), "" when that is not why."""
    answer = _challenge(refusal)
    is_short = refusal.status == 403 and rules.extract_field_from_www_auth(answer, "error") == "insufficient_scope"
    return one_line(rules.extract_scope_from_www_auth(answer) or "", 1_000) if is_short else ""


def check_issuer(place: Place, issuer: str | None) -> None:
    """Refuse what comes back from another server than the one that was asked (RFC 9207). Raises SignInFailed."""
    try:
        rules.validate_authorization_response_iss(issuer, place.server)
    except OAuthFlowError as error:
        raise SignInFailed(_("This comes from another service than the one that was asked.")) from error


def token(place: Place, client: OAuthClientInformationFull, **asked: str) -> OAuthToken:
    """Ask for a token, by a code or a refresh token. Raises SignInRefused when it is not given for these, ClientUnknown; SignInFailed, CallFailed."""
    headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
    form = _as_client(client, {**asked, "resource": place.resource}, headers)
    body = urlencode(form).encode()
    answer = answered("POST", str(place.server.token_endpoint), headers, body, most_bytes=MOST_BYTES)
    error = _member(answer, "error")
    if answer.status != 200 and not error:
        raise CallFailed(f"The service answered {answer.status} where tokens are given.")
    if answer.status != 200:
        refusal = ClientUnknown if error == "invalid_client" else SignInRefused
        raise refusal(_("The service does not let us in: %(words)s") % {"words": _told(answer)})
    try:
        given = OAuthToken.model_validate_json(answer.body)
    except ValidationError as error:
        raise SignInFailed(_("The service gave no token that can be used.")) from error
    if not given.access_token.isascii() or not given.access_token.isprintable():
        raise SignInFailed(_("The service gave no token that can be used."))
    return given


def revoke(place: Place, client: OAuthClientInformationFull, spent: str) -> None:
    """Tell the service that a token is needed no more (RFC 7009), where it wants to know. Raises CallFailed."""
    if place.server.revocation_endpoint is None:
        return
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    form = _as_client(client, {"token": spent}, headers)
    answered("POST", str(place.server.revocation_endpoint), headers, urlencode(form).encode(), most_bytes=MOST_BYTES)


def _as_client(client: OAuthClientInformationFull, form: dict[str, str], headers: dict[str, str]) -> dict[str, str]:
    """Show who we are, in a header or in the form (RFC 6749, 2.3.1)."""
    secret, method = client.client_secret, client.token_endpoint_auth_method
    if secret and method != POST:
        pair = f"{quote(client.client_id, safe='')}:{quote(secret, safe='')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        return form | {"client_id": client.client_id}  # some servers look it up before they look at the header
    return form | {"client_id": client.client_id} | ({"client_secret": secret} if secret else {})


def _told(answer: Fetched) -> str:
    """Return what the service says of a refusal, in one line."""
    return _member(answer, "error_description") or _member(answer, "error") or str(answer.status)


def _member(answer: Fetched, name: str) -> str:
    """Return a text of an answer that is a JSON object, in one line; "" when it has none."""
    try:
        said = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return ""
    words = said.get(name) if isinstance(said, dict) else None
    return one_line(words, 200) if isinstance(words, str) else ""
