"""Files that forms are filled in with: kept for the runs that read them, forgotten when none did."""

from datetime import timedelta
from functools import partial
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.agents import actions
from apps.agents.blueprints import Blueprint
from apps.agents.models import FormFile
from apps.audit.services.trail import record
from apps.core.errors import InvalidInput
from apps.core.permissions import require
from apps.core.tenancy import has_tenant
from apps.knowledge.services import checked_file, store_file
from apps.prompts.types import FILED

UNUSED_FOR, MOST_UNUSED = timedelta(days=30), 100


@transaction.atomic
def keep_file(*, actor: Any, upload: UploadedFile) -> FormFile:
    """Keep a file for forms that its uploader fills in. Raises Forbidden, InvalidInput (empty, wrong type), TooLarge, Unavailable."""
    require(actor, "agents.use_agent")
    if FormFile.objects.filter(uploaded_by=actor, runs=None).count() >= MOST_UNUSED:
        words = _("There are %(n)d files of yours with which nothing was started yet. Use one of those.")
        raise InvalidInput(words % {"n": MOST_UNUSED}, field="file", code="too_many_files")
    name, kind = checked_file(upload, in_form=True)
    file = FormFile(name=name, kind=kind, size_bytes=upload.size or 0, uploaded_by=actor)
    store_file(file, upload)
    record(actions.FILE_KEPT, actor=actor, target=file, after={"name": name, "size_bytes": file.size_bytes})
    return file


def sample_values(*, actor: Any, blueprint: Blueprint) -> dict[str, str]:
    """Return what a blueprint can be tried with, its files kept for the actor. Raises what `keep_file` raises."""
    kinds = {variable.name: variable.kind for variable in blueprint.asks}
    values = dict(blueprint.sample)
    for name, text in blueprint.sample.items():
        if kinds[name] in FILED:
            values[name] = ",".join(str(_sample(actor, blueprint, each.strip()).pk) for each in text.split(","))
    return values


def _sample(actor: Any, blueprint: Blueprint, name: str) -> FormFile:
    data = (blueprint.folder / "samples" / name).read_bytes()
    return keep_file(actor=actor, upload=SimpleUploadedFile(name, data))


def forget_unused() -> None:
    """Delete the files with which no run was started within 30 days; nothing outside tenants."""
    if not has_tenant():
        return
    for file in FormFile.objects.filter(runs=None, created_at__lt=timezone.now() - UNUSED_FOR):
        with transaction.atomic():
            name, storage = file.file.name, file.file.storage
            file.delete()
            transaction.on_commit(partial(storage.delete, str(name)))
