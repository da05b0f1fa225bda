"""The token of a connection that signs in by OAuth, renewed when it runs out: one process renews it, the others wait for that."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from mcp.shared.auth import OAuthClientInformationFull

from apps.audit.services.trail import record
from apps.core.errors import InvalidInput
from apps.integrations import actions, oauth
from apps.integrations.errors import CallFailed, ClientUnknown, SignInRefused
from apps.integrations.models import Connection, SignIn

NOBODY = "Nobody is signed in at this service: a person has to sign in on the page of the connection."


def bearer(connection: Connection, *, spoiled: str = "") -> str:
    """Return the access token, another one than `spoiled`, which the service did not take. Raises CallFailed when a person has to sign in."""
    sign_in = SignIn.objects.filter(connection=connection).first()
    access = _usable(sign_in, spoiled)
    if access:
        return access
    if sign_in is None or not sign_in.is_given:
        raise CallFailed(NOBODY)
    return _renewed(sign_in, spoiled)


def ask_for_more(connection: Connection, scope: str) -> None:
    """Note the rights that a call would have needed, for the next time somebody signs in. Raises CallFailed."""
    SignIn.objects.filter(connection=connection).update(wanted=scope)
    raise CallFailed(
        f"The service wants more rights for this ({scope}): a person has to sign in again on the page of the connection."
    )


def give_back(kept: Mapping[str, Any], place: dict[str, Any]) -> None:
    """Tell a service that what it gave is needed no more; one that cannot be reached learns nothing of it."""
    try:
        oauth.revoke(oauth.Place.of(place), _client(kept), kept.get("refresh") or kept["access"])
    except CallFailed:
        return


def _client(kept: Mapping[str, Any]) -> OAuthClientInformationFull:
    return OAuthClientInformationFull.model_validate(kept["client"])


def _usable(sign_in: SignIn | None, spoiled: str) -> str:
    if sign_in is None or not sign_in.is_given or sign_in.is_stale:
        return ""
    access = sign_in.kept().get("access", "")
    return access if access != spoiled else ""


def _renewed(sign_in: SignIn, spoiled: str) -> str:
    """Renew under a lock, for a refresh token is often good for one use."""
    with transaction.atomic():
        held = SignIn.objects.select_for_update().filter(pk=sign_in.pk, given_at__isnull=False).first()
        if held is None:  # it was forgotten meanwhile
            raise CallFailed(NOBODY)
        refresh = held.kept().get("refresh", "")
        if _usable(held, spoiled) or (refresh and _is_renewed(held, refresh)):
            return held.kept()["access"]
        _lose(held)
    raise CallFailed(NOBODY)


def _is_renewed(sign_in: SignIn, refresh: str) -> bool:
    """Renew and return True; False when the service lets us in no more. Raises CallFailed when it cannot be asked."""
    try:
        token = oauth.token(
            oauth.Place.of(sign_in.place), _client(sign_in.kept()), grant_type="refresh_token", refresh_token=refresh
        )
    except SignInRefused as refusal:
        if isinstance(refusal, ClientUnknown):
            sign_in.keep(client=None)
        return False
    except InvalidInput as error:
        raise CallFailed(str(error.message)) from error
    sign_in.take(token)
    sign_in.save()
    return True


def _lose(sign_in: SignIn) -> None:
    sign_in.end()
    sign_in.save()
    record(actions.SIGN_IN_LOST, actor=None, target=sign_in.connection)
