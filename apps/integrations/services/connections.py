"""Connecting services, reading what they say of themselves, and choosing what agents may be given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from apps.audit.services.trail import record
from apps.core.database.pool import release_connection
from apps.core.errors import Conflict, InvalidInput
from apps.core.http import check_url
from apps.core.language import one_line
from apps.core.permissions import require
from apps.integrations import actions, jira, mcp, repositories, tokens
from apps.integrations.asking import answered
from apps.integrations.calls import Auth, authorised, joined_address, request_of
from apps.integrations.errors import CallFailed
from apps.integrations.models import Connection, Operation, SignIn
from apps.integrations.openapi import read_description
from apps.integrations.types import Described, Description

CHANGE = "integrations.change_connection"
FIELDS = ("kind", "name", "description", "base_url", "source_url", "auth", "auth_name", "audience", "is_active")
TOOL_NAME_CHARS = 64
READERS: Mapping[str, tuple[Callable[[Connection], Description], str]] = {
    Connection.Kind.MCP: (mcp.read_tools, "tools/list"),
    Connection.Kind.JIRA: (jira.read_description, "serverInfo"),
    Connection.Kind.GITHUB: (repositories.read_github, "meta"),
    Connection.Kind.GITLAB: (repositories.read_gitlab, "projects"),
}
"""How services that are no OpenAPI document are asked what they offer, and what that is called on their page."""


@dataclass(frozen=True)
class Trial:
    """What came of trying a connection; `problem` is empty when the service answered well."""

    asked: str
    status: int = 0
    problem: str = ""


@dataclass(frozen=True)
class News:
    """What a service's description brought: operations that are new, gone, or no longer as they were looked at."""

    new: int
    gone: int
    changed: tuple[str, ...]


def connect(*, actor: Any, values: Mapping[str, Any], secret: str = "", document: str = "") -> Connection:
    """Connect a service by its OpenAPI document, given as text or fetched from `source_url`, or an MCP server, a Jira, GitHub or GitLab at `source_url`.

    Nothing of it is on yet. An MCP server that is signed in to by OAuth is read once somebody has signed in.

    Raises Forbidden, InvalidInput with the field (UnreadableDescription among them), Conflict for a taken name.
    """
    require(actor, CHANGE)
    row = Connection()
    _fill(row, values)
    if row.kind not in Connection.Kind.values:
        raise InvalidInput(_("Choose what it is."), field="kind")
    row.set_secret(secret)
    description = _first_description(row, document)
    row.base_url = row.base_url or joined_address(row.source_url, description.server)
    row.name = row.name or one_line(description.title, 40)
    _check(row, has_secret=bool(secret))
    with transaction.atomic():
        row.slug = _free_slug(row.name)
        _save(row)
        if description.operations:
            _take_over(row, description)
        record(actions.CONNECTION_ADDED, actor=actor, target=row, after=_told(row))
    return row


@transaction.atomic
def change_connection(
    *, actor: Any, connection: Connection, values: Mapping[str, Any], secret: str | None = None
) -> Connection:
    """Change a connection; a secret of None keeps the stored one. Raises Forbidden, InvalidInput, Conflict."""
    require(actor, CHANGE)
    before, former, kind = _told(connection), _host(connection), connection.kind
    _fill(connection, values)
    connection.kind = kind
    _join_addresses(connection, before)
    if connection.has_secret and secret is None and _host(connection) != former:
        raise InvalidInput(_("Write the secret again: it would go to another host now."), field="secret")
    _check(connection, has_secret=connection.has_secret if secret is None else bool(secret))
    if secret is not None:
        connection.set_secret(secret)
    _save(connection)
    after = _told(connection) | ({"secret": "…"} if secret is not None else {})
    if connection.auth != before["auth"] or connection.base_url != before["base_url"]:
        SignIn.objects.filter(connection=connection).delete()  # it was given for that service
    record(actions.CONNECTION_CHANGED, actor=actor, target=connection, before=before, after=after)
    return connection


def read_again(*, actor: Any, connection: Connection, document: str = "") -> News:
    """Read the service's description anew. What is no longer as it was looked at is off until somebody looks again.

    Raises Forbidden, InvalidInput with the field.
    """
    require(actor, CHANGE)
    description = _description(connection, document)
    with transaction.atomic():
        news = _take_over(connection, description)
        record(actions.DESCRIPTION_READ, actor=actor, target=connection, after=vars(news))
        if news.changed:
            record(actions.DESCRIPTION_DIFFERS, actor=actor, target=connection, after={"tools": list(news.changed)})
    return news


@transaction.atomic
def set_operations(*, actor: Any, connection: Connection, chosen: Mapping[str, str]) -> None:
    """Have agents be given exactly these operations: {key: risk}. They are pinned as they are described now.

    Raises Forbidden, InvalidInput for an unknown key or risk.
    """
    require(actor, CHANGE)
    operations = {row.key: row for row in connection.operations.select_for_update()}
    before = {key: row.risk for key, row in operations.items() if row.is_on}
    for key, risk in chosen.items():
        if key not in operations or risk not in Operation.Risk.values:
            raise InvalidInput(_("There is no such operation."), field=key[:64])
    for key, row in operations.items():
        row.pinned, row.risk = (row.digest, chosen[key]) if key in chosen else ("", row.risk)
    Operation.objects.bulk_update(operations.values(), ["pinned", "risk"])
    if before != dict(chosen):
        after = dict(chosen)
        record(actions.OPERATIONS_CHANGED, actor=actor, target=connection, before=before, after=after)


def remove_connection(*, actor: Any, connection: Connection) -> None:
    """Remove a connection, its secret, its sign-in (there, too) and its operations; agents lose the tools. Raises Forbidden."""
    require(actor, CHANGE)
    given = SignIn.objects.filter(connection=connection, given_at__isnull=False).first()
    kept = given.kept() if given else {}
    with transaction.atomic():
        record(actions.CONNECTION_REMOVED, actor=actor, target=connection, before=_told(connection))
        connection.delete()
    if given:
        release_connection()
        tokens.give_back(kept, given.place)


def try_connection(*, actor: Any, connection: Connection) -> Trial:
    """Call the first chosen operation that reads and needs nothing, or else the address itself. Raises Forbidden."""
    require(actor, CHANGE)
    if connection.kind in READERS:
        return _try_server(connection)
    chosen = connection.operations.filter(method="GET", pinned=F("digest"))
    operation = next((row for row in chosen if not row.schema.get("required")), None)
    probe = operation or Operation(connection=connection, method="GET", path="", places={})
    url, headers, _body = request_of(probe, {})
    url = authorised(connection, url, headers)
    asked = f"GET {probe.path or connection.base_url}"
    release_connection()  # the service may take its time
    try:
        answer = answered("GET", url, headers, None)
    except CallFailed as error:
        return Trial(asked, problem=str(error))
    return Trial(asked, answer.status, _problem(answer.status, is_operation=operation is not None))


def _try_server(connection: Connection) -> Trial:
    release_connection()  # the server may take its time
    read, asked = READERS[connection.kind]
    try:
        read(connection)
    except CallFailed as error:
        return Trial(asked, problem=str(error))
    except InvalidInput as error:
        return Trial(asked, problem=str(error.message))
    return Trial(asked, 200)


def _problem(status: int, *, is_operation: bool) -> str:
    if status in (401, 403):
        return _("The service does not take this secret.")
    if status >= 500 or (is_operation and status >= 300):
        return _("The service answered with an error.")
    return ""


def _first_description(row: Connection, document: str) -> Description:
    """Return what a new service says of itself; one that lets nobody in without a person says nothing before that."""
    if row.auth != Auth.OAUTH:
        return _description(row, document)
    _settle_address(row)
    return Description(_host(row), row.base_url, ())


def _description(row: Connection, document: str) -> Description:
    if row.kind in READERS:
        return _offered(row)
    if document.strip():
        return read_description(document)
    if not row.source_url:
        raise InvalidInput(_("Give the address of the OpenAPI document, or paste it."), field="source_url")
    _check_address(row.source_url, "source_url")
    try:
        answer = answered("GET", row.source_url, {}, None, redirects=3)
    except CallFailed as error:
        raise InvalidInput(str(error), field="source_url") from error
    if answer.status != 200:
        raise InvalidInput(_("This address answered %(status)d.") % {"status": answer.status}, field="source_url")
    return read_description(answer.body.decode("utf-8", errors="replace"))


def _offered(row: Connection) -> Description:
    """Ask a server that says itself what it offers, or is known here."""
    _settle_address(row)
    try:
        return READERS[row.kind][0](row)
    except CallFailed as error:
        raise InvalidInput(str(error), field="source_url") from error


def _settle_address(row: Connection) -> None:
    """Of a server that describes itself `source_url` is what is called, too."""
    row.source_url = row.source_url or row.base_url
    if not row.source_url:
        raise InvalidInput(_("Give the address of the server."), field="source_url")
    _check_address(row.source_url, "source_url")
    row.base_url = row.source_url.rstrip("/")
    _check(row, has_secret=row.has_secret, is_named=False)


def _join_addresses(row: Connection, before: Mapping[str, Any]) -> None:
    """Have a server that describes itself keep one address, whichever of the two was written anew; it is what the secret goes to."""
    if row.kind in READERS:
        is_moved = row.source_url and row.source_url != before["source_url"]
        row.base_url = row.source_url = (row.source_url if is_moved else row.base_url).rstrip("/")


def _fill(row: Connection, values: Mapping[str, Any]) -> None:
    for field in FIELDS:
        if field in values:
            setattr(row, field, values[field])
    row.name, row.description = one_line(row.name, 40), one_line(row.description, 200)
    row.base_url, row.source_url = row.base_url.strip().rstrip("/"), row.source_url.strip()
    is_named = row.auth in (*Connection.NAMED, Auth.OAUTH)
    row.auth_name = one_line(row.auth_name, 120) if is_named else ""


def _check(row: Connection, *, has_secret: bool, is_named: bool = True) -> None:
    if is_named and not row.name:
        raise InvalidInput(_("Give it a name."), field="name")
    if not row.base_url:
        raise InvalidInput(_("The document names no address. Write the one that is called."), field="base_url")
    _check_address(row.base_url, "base_url")
    if row.kind == Connection.Kind.OPENAPI and ("?" in row.base_url or "#" in row.base_url):
        raise InvalidInput(_("Write the address without a query."), field="base_url")
    _check_sign_in(row, has_secret=has_secret)


def _check_sign_in(row: Connection, *, has_secret: bool) -> None:
    if row.auth not in Auth.values:
        raise InvalidInput(_("Choose how the service knows you."), field="auth")
    if row.auth in Connection.NAMED and not row.auth_name:
        raise InvalidInput(_("Name the header, parameter or account."), field="auth_name")
    if row.auth == Auth.HEADER and not (row.auth_name.isascii() and row.auth_name.replace("-", "").isalnum()):
        raise InvalidInput(_("This is no name of a header."), field="auth_name")
    if row.auth == Auth.OAUTH and row.kind != Connection.Kind.MCP:
        raise InvalidInput(_("Only MCP servers are signed in to by OAuth here."), field="auth")
    if row.auth not in (Auth.NONE, Auth.OAUTH) and not has_secret:
        raise InvalidInput(_("Write the secret."), field="secret")


def _check_address(url: str, field: str) -> None:
    try:
        check_url(url)
    except InvalidInput as error:
        raise InvalidInput(error.message, field=field) from error


def _host(row: Connection) -> str:
    return urlsplit(row.base_url).netloc.lower()


def _save(row: Connection) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise Conflict(_("There is one of this name already.")) from error


def _take_over(row: Connection, description: Description) -> News:
    """Store what a service says; what was looked at keeps its pin, so that a difference shows."""
    known = {operation.key: operation for operation in row.operations.all()}
    said = {described.key: described for described in description.operations}
    new = [described for key, described in said.items() if key not in known]
    changed = [key for key, operation in known.items() if key in said and operation.digest != said[key].digest]
    for key in changed:
        known[key].put(said[key])
        known[key].save()
    for described in new:
        _add(row, described)
    gone, _rows = row.operations.exclude(key__in=said).delete()
    row.described_at = timezone.now()
    row.save(update_fields=["described_at", "updated_at"])
    return News(len(new), gone, tuple(known[key].tool_name for key in changed if known[key].pinned))


def _add(row: Connection, described: Described) -> None:
    operation = Operation(
        connection=row, risk=Operation.Risk.READ if described.method == "GET" else Operation.Risk.WRITE
    )
    operation.put(described)
    operation.tool_name = _free_tool_name(f"{row.slug.replace('-', '_')}_{described.key}")
    operation.save()


def _free_tool_name(wanted: str) -> str:
    name, number = wanted[:TOOL_NAME_CHARS], 2
    while Operation.objects.filter(tool_name=name).exists():
        name, number = f"{wanted[: TOOL_NAME_CHARS - 4]}_{number}", number + 1
    return name


def _free_slug(name: str) -> str:
    base = slugify(name)[:16].strip("-") or "service"
    slug, number = base, 2
    while Connection.objects.filter(slug=slug).exists():
        slug, number = f"{base}-{number}", number + 1
    return slug


def _told(row: Connection) -> dict[str, Any]:
    values = {field: getattr(row, field) for field in FIELDS}
    return values | {"audience": row.audience.name if row.audience else ""}
