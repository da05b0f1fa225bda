"""Letting us in at a connected service by OAuth: begin, finish when the person comes back, forget."""

import hashlib
import secrets
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from mcp.client.auth import PKCEParameters
from mcp.client.auth.utils import issuers_match, union_scopes
from mcp.shared.auth import OAuthClientInformationFull
from pydantic import AnyUrl

from apps.audit.services.trail import record
from apps.core.database.pool import release_connection
from apps.core.errors import InvalidInput
from apps.core.language import one_line
from apps.core.permissions import require
from apps.core.tenancy import current_tenant
from apps.integrations import actions, oauth, tokens
from apps.integrations.errors import CallFailed, ClientUnknown, SignInFailed
from apps.integrations.models import Connection, SignIn
from apps.integrations.services.connections import CHANGE

LASTS = timedelta(minutes=10)
"""How long a person may take at the service."""


@dataclass(frozen=True)
class Departure:
    """Where the person goes to let us in: the address and its host, and the rights that are asked for."""

    url: str
    host: str
    scope: str


def begin(*, actor: Any, connection: Connection) -> Departure:
    """Find out where one signs in, have the service know us, and return where the person goes now. What is given already stays until they are back.

    Raises Forbidden, InvalidInput for another kind of sign-in, SignInFailed when the service does not offer it.
    """
    require(actor, CHANGE)
    if connection.auth != Connection.Auth.OAUTH:
        raise InvalidInput(_("This connection does not sign in by OAuth."), field="auth")
    known, back = SignIn.objects.filter(connection=connection).first(), back_address()
    release_connection()  # the service may take its time
    try:
        found = oauth.discover(connection.base_url)
        client = _client(connection, known, found, back)
    except CallFailed as error:
        raise SignInFailed(str(error)) from error
    scope = union_scopes(found.scope, known.wanted if known else "") or ""
    place = oauth.Place(found.server, found.resource, scope)
    state, proof = secrets.token_urlsafe(32), PKCEParameters.generate()
    begun = {"place": place.stored(), "client": _stored(client), "verifier": proof.code_verifier}
    with transaction.atomic():
        sign_in, _is_new = SignIn.objects.select_for_update().get_or_create(connection=connection)
        sign_in.state, sign_in.begun_at, sign_in.begun_by = _digest(state), timezone.now(), actor
        sign_in.keep(begun=begun)
        sign_in.save()
    url = oauth.address_to_ask(place, client, back=back, state=state, challenge=proof.code_challenge)
    return Departure(url, place.host, scope)


def finish(*, actor: Any, state: str, code: str, issuer: str | None, refusal: str) -> Connection:
    """Take what a person brings back from the service, once, and keep the tokens. Raises Forbidden, SignInFailed."""
    require(actor, CHANGE)
    sign_in = _begun(actor, state)
    begun = sign_in.kept()["begun"]
    place, client = oauth.Place.of(begun["place"]), OAuthClientInformationFull.model_validate(begun["client"])
    oauth.check_issuer(place, issuer)
    if refusal or not code:
        raise SignInFailed(_("The service did not let us in: %(words)s") % {"words": one_line(refusal, 200) or "?"})
    release_connection()
    asked = {"code": code, "redirect_uri": back_address(), "code_verifier": begun["verifier"]}
    try:
        token = oauth.token(place, client, grant_type="authorization_code", **asked)
    except CallFailed as error:
        raise SignInFailed(str(error)) from error
    except ClientUnknown:
        with transaction.atomic():
            sign_in = _still_held(sign_in.connection)
            sign_in.keep(begun=None)
            sign_in.save()
        raise
    with transaction.atomic():
        sign_in = _still_held(sign_in.connection)
        sign_in.settle(begun)
        sign_in.take(token)
        sign_in.given_at, sign_in.given_by, sign_in.wanted = timezone.now(), actor, ""
        sign_in.save()
        after = {"host": place.host, "scope": sign_in.scope}
        record(actions.SIGNED_IN, actor=actor, target=sign_in.connection, after=after)
    return sign_in.connection


def forget(*, actor: Any, connection: Connection) -> None:
    """Forget the tokens, and tell the service that they are not needed any more, where it can be reached. Raises Forbidden."""
    require(actor, CHANGE)
    with transaction.atomic():
        sign_in = _held(connection)
        if sign_in is None or not sign_in.is_given:
            return
        kept, place = sign_in.kept(), sign_in.place
        sign_in.end()
        sign_in.save()
        record(actions.SIGNED_OUT, actor=actor, target=connection)
    release_connection()
    tokens.give_back(kept, place)


def back_address() -> str:
    """Return where services send people back to, as it has to be registered there."""
    return current_tenant().address(reverse("connection-signed-in"))


def _client(
    connection: Connection, sign_in: SignIn | None, place: oauth.Place, back: str
) -> OAuthClientInformationFull:
    """Return who we are there: as the administrator wrote it, as we are known from the last time, or newly registered."""
    if connection.auth_name:
        about = {"client_id": connection.auth_name, "client_secret": connection.secret(), "redirect_uris": [back]}
        return OAuthClientInformationFull.model_validate(about)
    known = _known(sign_in, back)
    if known and issuers_match(known.issuer or "", place.issuer):
        return known
    client = oauth.register(place, address=back)
    return client.model_copy(update={"issuer": place.issuer, "redirect_uris": [AnyUrl(back)]})


def _known(sign_in: SignIn | None, back: str) -> OAuthClientInformationFull | None:
    """Return who we were there the last time; None when a person who went there did not come back, for we may be known no more."""
    kept = sign_in.kept() if sign_in and not sign_in.state else {}
    stored = kept.get("begun", {}).get("client") or kept.get("client")
    if not stored or stored.get("redirect_uris") != [str(AnyUrl(back))]:
        return None
    ends_at = stored.get("client_secret_expires_at") or 0
    return OAuthClientInformationFull.model_validate(stored) if not ends_at or ends_at > time.time() else None


def _stored(client: OAuthClientInformationFull) -> dict[str, Any]:
    return client.model_dump(mode="json", exclude_none=True)


def _over() -> SignInFailed:
    return SignInFailed(
        _("This sign-in is over, or somebody else began it. Begin it again on the page of the connection.")
    )


def _still_held(connection: Connection) -> SignIn:
    """Return the sign-in of a connection, held until the transaction ends. Raises SignInFailed when it went meanwhile."""
    sign_in = _held(connection)
    if sign_in is None:
        raise _over()
    return sign_in


def _held(connection: Connection) -> SignIn | None:
    """Return the sign-in of a connection, held until the transaction ends; None when there is none."""
    rows = SignIn.objects.select_for_update(of=("self",)).select_related("connection")
    return rows.filter(connection=connection).first()


def _begun(actor: Any, state: str) -> SignIn:
    """Return the sign-in that a person began with this state, which is used up now."""
    with transaction.atomic():
        fresh = {"state": _digest(state), "begun_by": actor, "begun_at__gt": timezone.now() - LASTS}
        sign_in = SignIn.objects.select_for_update(of=("self",)).select_related("connection").filter(**fresh).first()
        if not state or sign_in is None:
            raise _over()
        sign_in.state = ""
        sign_in.save(update_fields=["state", "updated_at"])
    return sign_in


def _digest(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()
