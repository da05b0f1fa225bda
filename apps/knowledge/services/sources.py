"""What can be done with the sources of a collection: add, change, look through now, remove."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.services.sharing import require_manage
from apps.audit.services.trail import record
from apps.core.errors import Conflict, InvalidInput
from apps.core.http import check_url
from apps.core.language import one_line
from apps.jobs import services as jobs
from apps.knowledge import actions
from apps.knowledge.models import KnowledgeBase, Source
from apps.knowledge.places.repositories import GITHUB, GITLAB
from apps.knowledge.services.documents import checked_tags
from apps.knowledge.syncing import SYNC, let_go, plan

Kind = Source.Kind
USUAL_ADDRESS = {Kind.GITHUB: GITHUB, Kind.GITLAB: GITLAB}
FIELDS = ("address", "place", "folder", "branch", "account", "every", "tags")
PLACED = (Kind.GITHUB, Kind.GITLAB, Kind.S3)
"""Kinds that lie in a repository or a bucket."""
MOST_SOURCES = 100
MOST_CHARS = {"address": 500, "place": 200, "folder": 300, "branch": 100, "account": 200}


def add_source(
    *, actor: Any, knowledge_base: KnowledgeBase, kind: str, values: Mapping[str, Any], secret: str = ""
) -> Source:
    """Add a source, and have it looked through at once.

    Raises Forbidden, InvalidInput with the field, Conflict for one that is there already.
    """
    require_manage(actor, knowledge_base)
    if kind not in Kind.values:
        raise InvalidInput(_("Choose what it is."), field="kind")
    if knowledge_base.sources.count() >= MOST_SOURCES:
        raise InvalidInput(_("At most %(most)d sources a collection.") % {"most": MOST_SOURCES}, field="kind")
    source = Source(knowledge_base=knowledge_base, kind=kind, made_by=actor)
    _fill(source, values)
    source.set_secret(secret.strip())
    with transaction.atomic():
        _save(source)
        record(actions.SOURCE_ADDED, actor=actor, target=source, after=_told(source))
        plan(source, is_now=True, is_owed=False)
    return source


@transaction.atomic
def change_source(*, actor: Any, source: Source, values: Mapping[str, Any], secret: str | None = None) -> Source:
    """Change a source; a secret of None keeps the stored one, which another host never gets. It is looked through anew, or once
    more when a round is on its way.

    Raises Forbidden, InvalidInput with the field, Conflict.
    """
    require_manage(actor, source.knowledge_base)
    before, former = _told(source), _host(source)
    _fill(source, values)
    if source.has_secret and secret is None and _host(source) != former:
        raise InvalidInput(_("Write the secret again: it would go to another host now."), field="secret")
    if secret is not None:
        source.set_secret(secret.strip())
    _save(source)
    after = _told(source) | ({"secret": "…"} if secret is not None else {})
    record(actions.SOURCE_CHANGED, actor=actor, target=source, before=before, after=after)
    if not source.is_busy:
        plan(source, is_now=True, is_owed=False)
    return source


@transaction.atomic
def look_through(*, actor: Any, source: Source) -> None:
    """Have a source looked through now. Raises Forbidden, Conflict while it is."""
    require_manage(actor, source.knowledge_base)
    row = Source.objects.select_for_update().get(pk=source.pk)
    if row.is_busy:
        raise Conflict(_("It is being looked through already."))
    plan(row, is_now=True, is_owed=False)
    record(actions.SOURCE_ASKED, actor=actor, target=source)


@transaction.atomic
def remove_source(*, actor: Any, source: Source, keeps_documents: bool) -> None:
    """Remove a source, with the documents that came from it or without. Raises Forbidden."""
    require_manage(actor, source.knowledge_base)
    jobs.cancel(object_id=source.pk, kind=SYNC)
    record(
        actions.SOURCE_REMOVED, actor=actor, target=source, before=_told(source) | {"keeps_documents": keeps_documents}
    )
    if not keeps_documents:
        for row in source.items.select_related("document"):
            let_go(row)
    source.delete()


def _fill(source: Source, values: Mapping[str, Any]) -> None:
    for name in FIELDS:
        if name in values:
            value = values[name]
            setattr(source, name, checked_tags(value) if name == "tags" else one_line(str(value), 500))
    source.address = source.address or USUAL_ADDRESS.get(Kind(source.kind), "")
    if "://" not in source.address and source.address:
        source.address = f"https://{source.address}"
    if source.kind not in PLACED:
        source.place = source.folder = source.branch = source.account = ""
    _check(source)


def _check(source: Source) -> None:
    """Raise InvalidInput with the field for what cannot be right."""
    try:
        check_url(source.address)
    except InvalidInput as error:
        raise InvalidInput(_("Write an http or https address, without a password in it."), field="address") from error
    source.place = source.place.strip().strip("/").removesuffix(".git")
    if source.kind in (Kind.GITHUB, Kind.GITLAB) and "/" not in source.place:
        raise InvalidInput(_("Write the repository as owner/name."), field="place")
    if source.kind == Kind.S3 and not source.place:
        raise InvalidInput(_("Write the name of the bucket."), field="place")
    if source.every not in Source.Every.values:
        raise InvalidInput(_("Choose how often."), field="every")
    for name, most in MOST_CHARS.items():
        if len(getattr(source, name)) > most:
            raise InvalidInput(_("At most %(most)d characters.") % {"most": most}, field=name)


def _save(source: Source) -> None:
    same = Source.objects.filter(
        **{name: getattr(source, name) for name in ("knowledge_base", "kind", "address", "place", "folder", "branch")}
    )
    if same.exclude(pk=source.pk).exists():
        raise Conflict(_("This source is there already."))
    try:
        with transaction.atomic():
            source.save()
    except IntegrityError as error:
        raise Conflict(_("This source is there already.")) from error


def _host(source: Source) -> str:
    return urlsplit(source.address).netloc.lower()


def _told(source: Source) -> dict[str, Any]:
    return {"kind": source.kind} | {name: getattr(source, name) for name in FIELDS}
