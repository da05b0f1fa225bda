"""What a run came to, as a file to keep: PDF, Word, Markdown or JSON."""

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
from apps.core.errors import NotFound
from apps.core.paper import Paper, Source
from apps.core.paper.types import Words
from apps.core.saving import KINDS, File, saved_as
from apps.core.tenancy import current_tenant
from apps.tenants.services import logo_of

JSON = "json"


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
        made = saved_as(kind, name, _paper(run))
    record(actions.RESULT_SAVED, actor=actor, target=run, after={"as": kind})
    return made


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
