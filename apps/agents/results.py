"""What a run came to, as a file to keep: PDF, Word, Markdown or JSON."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Any

import orjson
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import slugify
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.agents import actions
from apps.agents.models import Run
from apps.agents.rendering import result_of
from apps.audit.services.trail import record
from apps.core.colours import STANDARD
from apps.core.errors import NotFound, TooLarge, Unavailable
from apps.core.paper import Paper, Source, TooLong, as_docx, as_pdf
from apps.core.paper.types import Words
from apps.core.tenancy import current_tenant
from apps.tenants.services import logo_of


@dataclass(frozen=True)
class File:
    """A file to send: its name is ASCII."""

    name: str
    media_type: str
    data: bytes


def _markdown(paper: Paper) -> bytes:
    facts = "\n".join(f"- **{name}**: {value}" for name, value in paper.facts)
    cited = "\n".join(
        f"{source.number}. {', '.join(filter(None, (source.document, source.place)))}" for source in paper.sources
    )
    parts = [f"# {paper.title}", facts, paper.text, f"## {paper.words.sources}\n\n{cited}" if cited else ""]
    return "\n\n".join(filter(None, parts)).encode() + b"\n"


KINDS: dict[str, tuple[str, Callable[[Paper], bytes]]] = {
    "pdf": ("application/pdf", as_pdf),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", as_docx),
    "md": ("text/markdown; charset=utf-8", _markdown),
}
JSON = "json"
_drawing, PATIENCE_S = BoundedSemaphore(2), 30.0
"""Long ones take seconds and hundreds of megabytes, in the process that serves pages."""


def file_of(*, actor: Any, run: Run, kind: str) -> File:
    """Return what a run that is done came to as `pdf`, `docx`, `md`, or, of a blueprint's, `json`; that it was saved is written down.

    Whether the actor sees the run, the door checks. Raises NotFound for another kind or where there is nothing yet, TooLarge, Unavailable.
    """
    if kind not in (*KINDS, JSON) or (run.result is None if kind == JSON else not (run.is_final and run.answer)):
        raise NotFound(_("There is no result of this kind."))
    name = f"{slugify(run.blueprint or run.title)[:60] or 'result'}-{str(run.pk)[:8]}.{kind}"
    if kind == JSON:
        made = File(name, "application/json", orjson.dumps(run.result, option=orjson.OPT_INDENT_2))
    else:
        made = File(name, KINDS[kind][0], _drawn(_paper(run), KINDS[kind][1]))
    record(actions.RESULT_SAVED, actor=actor, target=run, after={"as": kind})
    return made


def _drawn(paper: Paper, draw: Callable[[Paper], bytes]) -> bytes:
    if not _drawing.acquire(timeout=PATIENCE_S):
        raise Unavailable(_("Others save long results just now. Try again in a moment."), retry_after_s=10)
    try:
        return draw(paper)
    except TooLong as error:
        raise TooLarge(_("This is too long for a document. Save it as JSON, or read it here.")) from error
    finally:
        _drawing.release()


def _paper(run: Run) -> Paper:
    sources = [
        Source(
            row["number"],
            row["document"],
            " · ".join(
                filter(None, (_("Page %(page)s") % {"page": row["page"]} if row["page"] else "", row["heading"]))
            ),
            row["quote"],
        )
        for row in result_of(run)["sources"]
        if row["is_cited"]
    ]
    tenant = current_tenant()
    return Paper(
        title=run.title,
        organisation=tenant.name,
        accent=tenant.accent or STANDARD,
        logo=logo_of(tenant.logo_digest) or b"",
        text=run.answer,
        facts=_facts(run),
        sources=sources,
        language=get_language() or "en",
        words=Words(sources=_("Sources"), page=_("Page {page} of {pages}")),
    )


def _facts(run: Run) -> list[tuple[str, str]]:
    when = timezone.localtime(run.finished_at or run.updated_at)
    facts = [(_("Agent"), run.agent.name), (_("Asked by"), run.started_by.name if run.started_by else "–")]
    if run.project is not None:
        facts.append((_("Project"), run.project.name))
    if run.state != Run.State.SUCCEEDED:
        facts.append((_("Status"), str(run.get_state_display())))
    return [*facts, (_("Done"), date_format(when, "DATETIME_FORMAT")), (_("Run"), str(run.pk))]
