"""Programs that people let in by OAuth 2.1: clients of the Model Context Protocol, for the most part, which register themselves.

Codes, tokens and their renewal are allauth's (docs/adr/0048). What is decided here: who may let one in, what it may ask for,
where an answer may be sent, and that it is out at once when somebody puts it out.
"""

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from allauth.idp.oidc.models import Client, Token
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts import actions
from apps.accounts.models import Program, User
from apps.accounts.scopes import PROGRAM_SCOPES
from apps.accounts.services.keys import note_use
from apps.audit.services.trail import record
from apps.core.errors import Forbidden, InvalidInput
from apps.core.permissions import require
from apps.core.tenancy import has_tenant
from apps.tenants.options import LET_PROGRAMS_IN
from apps.tenants.resolver import resolve

UNUSED_FOR = timedelta(days=30)
MOST_ADDRESSES, LONGEST_ADDRESS = 10, 2_000
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
OF_BROWSERS = frozenset(
    [
        "about",
        "blob",
        "chrome",
        "data",
        "file",
        "filesystem",
        "ftp",
        "http",
        "javascript",
        "mailto",
        "tel",
        "vbscript",
        "view-source",
        "ws",
        "wss",
    ]
)
"""Schemes that no program on somebody's machine owns; `http` is for that machine alone."""
SCHEME = re.compile(r"[a-z][a-z0-9.+-]{1,60}")


def are_let_in() -> bool:
    """Say whether people of the active tenant may let programs in, and those that they let in may work."""
    return has_tenant() and bool(resolve(LET_PROGRAMS_IN).value)


def check_registration(client: Client, addresses: Iterable[str]) -> None:
    """Put what a client that registers itself asks for into its bounds. Raises InvalidInput for an address that answers may not go to."""
    wanted = list(addresses)
    if len(wanted) > MOST_ADDRESSES:
        raise InvalidInput(_("These are too many addresses."), field="redirect_uris")
    for address in wanted:
        check_address(address)
    client.name = client.name or urlsplit(wanted[0]).hostname or urlsplit(wanted[0]).scheme
    client.set_scopes(list(PROGRAM_SCOPES))
    client.set_default_scopes(list(PROGRAM_SCOPES))
    client.set_grant_types([Client.GrantType.AUTHORIZATION_CODE, Client.GrantType.REFRESH_TOKEN])
    client.set_response_types([Client.ResponseType.CODE])


def put_all_out() -> None:
    """End what every program may do; those who want theirs let it in again."""
    Program.objects.all().delete()
    Token.objects.all().delete()


def check_address(address: str) -> None:
    """Refuse an address that codes may not go to: not a site over TLS, nor the machine of the person itself, nor a program there by a scheme of its own.

    Raises InvalidInput. What is asked for is checked like what is registered: the port of one's own machine may be another each time.
    """
    try:
        parts = urlsplit(address)
        is_whole = (
            bool(parts.scheme) and not parts.fragment and parts.username is None and len(address) <= LONGEST_ADDRESS
        )
        is_here = parts.scheme == "http" and parts.hostname in LOOPBACK
        is_site = parts.scheme == "https" and bool(parts.hostname)
        is_whole = is_whole and parts.port != 0
    except ValueError as error:
        raise InvalidInput(_("This is no address."), field="redirect_uris") from error
    is_program = parts.scheme not in OF_BROWSERS | {"https"} and SCHEME.fullmatch(parts.scheme) is not None
    is_plain = re.search(r"[\s*\\;,]", parts.netloc + parts.scheme) is None and address.isprintable()
    if not is_whole or not is_plain or not (is_here or is_site or is_program):
        raise InvalidInput(
            _("Answers go to https addresses, or to a program on the person's machine."), field="redirect_uris"
        )


@transaction.atomic
def let_in(*, actor: Any, client: Client, scopes: Iterable[str]) -> Program:
    """Let a program work with what somebody may see. Raises Forbidden, InvalidInput."""
    if actor.operator_id is not None:
        raise Forbidden(_("Support lets no programs in."))
    chosen = sorted(set(scopes))
    if not chosen or set(chosen) - set(PROGRAM_SCOPES):
        raise InvalidInput(_("Choose at least one of the scopes."), field="scopes")
    program, _made = Program.objects.update_or_create(
        account=actor, client=client, defaults={"name": client.name, "scopes": chosen}
    )
    record(actions.PROGRAM_LET_IN, actor=actor, target=program, after={"scopes": chosen, "client": client.pk})
    return program


@transaction.atomic
def put_out(*, actor: Any, program: Program) -> None:
    """End what a program may do for its account, at once. Raises Forbidden."""
    if program.account_id != actor.pk:
        require(actor, "accounts.manage_keys")
    Token.objects.filter(client_id=program.client_id, user_id=program.account_id).delete()
    record(actions.PROGRAM_PUT_OUT, actor=actor, target=program, before={"account": str(program.account)})
    program.delete()


def find_program(text: str, address: str) -> tuple[Program, User] | None:
    """Return the program and the person that a token stands for, and note the use; None for one that opens nothing."""
    token = Token.objects.lookup(Token.Type.ACCESS_TOKEN, text) if are_let_in() else None
    if token is None:
        return None
    found = Program.objects.select_related("account").filter(
        account=token.user_id, client=token.client_id, account__is_active=True
    )
    program = found.first()
    if program is None:
        return None
    program.scopes = sorted(set(program.scopes) & set(token.get_scopes()))
    note_use(program, address)
    return program, program.account


def forget_unused() -> None:
    """Each night: tokens that have run out, and clients that registered themselves a month ago and nobody let in."""
    if not has_tenant():
        return
    Token.objects.expired().delete()
    used = Program.objects.values("client")
    Client.objects.filter(created_at__lt=timezone.now() - UNUSED_FOR).exclude(pk__in=used).delete()
