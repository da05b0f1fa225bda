"""The token of a connection that signs in by OAuth, renewed when it runs out: one process renews it, the others wait for that."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from mcp.shared.auth import OAuthClientInformationFull

from apps.audit.services.trail import record
from apps.core.errors import InvalidInput
from apps.integrations import actions, oauth
from apps.integrations.errors import CallFailed, ClientUnknown, SignInRefused
from apps.integrations.models import Connection, Grant

NOBODY = "Nobody is signed in at this service: a person has to sign in on the page of the connection."


def bearer(connection: Connection, *, spoiled: str = "") -> str:
    """Return the access token, another one than `spoiled`, which the service did not take. Raises CallFailed when a person has to sign in."""
    grant = Grant.objects.filter(connection=connection).first()
    access = _usable(grant, spoiled)
    if access:
        return access
    if grant is None or not grant.is_given:
        raise CallFailed(NOBODY)
    return _renewed(grant, spoiled)


def ask_for_more(connection: Connection, scope: str) -> None:
    """Note the rights that a call would have needed, for the next time somebody signs in. Raises CallFailed."""
    Grant.objects.filter(connection=connection).update(wanted=scope)
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


def _usable(grant: Grant | None, spoiled: str) -> str:
    if grant is None or not grant.is_given or grant.is_stale:
        return ""
    access = grant.kept().get("access", "")
    return access if access != spoiled else ""


def _renewed(grant: Grant, spoiled: str) -> str:
    """Renew under a lock, for a refresh token is often good for one use."""
    with transaction.atomic():
        held = Grant.objects.select_for_update().filter(pk=grant.pk, given_at__isnull=False).first()
        if held is None:  # it was forgotten meanwhile
            raise CallFailed(NOBODY)
        refresh = held.kept().get("refresh", "")
        if _usable(held, spoiled) or (refresh and _is_renewed(held, refresh)):
            return held.kept()["access"]
        _lose(held)
    raise CallFailed(NOBODY)


def _is_renewed(grant: Grant, refresh: str) -> bool:
    """Renew and return True; False when the service lets us in no more. Raises CallFailed when it cannot be asked."""
    try:
        token = oauth.token(
            oauth.Place.of(grant.place), _client(grant.kept()), grant_type="refresh_token", refresh_token=refresh
        )
    except SignInRefused as refusal:
        if isinstance(refusal, ClientUnknown):
            grant.keep(client=None)
        return False
    except InvalidInput as error:
        raise CallFailed(str(error.message)) from error
    grant.take(token)
    grant.save()
    return True


def _lose(grant: Grant) -> None:
    grant.end()
    grant.save()
    record(actions.SIGN_IN_LOST, actor=None, target=grant.connection)
