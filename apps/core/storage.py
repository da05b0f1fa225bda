"""Where files live: a folder a tenant for uploads, hashed names for static files; and what is said when a disk is full."""

import errno
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from whitenoise.storage import CompressedManifestStaticFilesStorage

from apps.core.tenancy import current_tenant


class TenantStorage(FileSystemStorage):
    """Keeps each tenant's files under its own folder; a path of another tenant cannot be named."""

    @property
    def base_location(self) -> str:  # type: ignore[override]
        return str(Path(settings.MEDIA_ROOT) / current_tenant().schema_name)

    @property
    def location(self) -> str:  # type: ignore[override]
        return str(Path(self.base_location).absolute())


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Hashed names, so that browsers may keep a file for ever; our JavaScript modules import nothing."""

    manifest_strict = False


def is_full(error: OSError) -> bool:
    """Say whether a file could not be written because its disk, or its owner's share of it, is full."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


class DiskIsFull(BadRequest):
    """A form's file found no room; `apps.core.views.bad_request` answers 503."""


class GuardedUploadHandler(TemporaryFileUploadHandler):
    """Django's handler of large files in forms, with a full disk told from other errors."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        try:
            super().receive_data_chunk(raw_data, start)
            self.file.flush()
        except OSError as error:
            if is_full(error):
                raise DiskIsFull from error
            raise


class SpaceGuard:
    """Around the HTTP application: a body that finds no room on the disk while it comes in is answered 503, not 500."""

    def __init__(self, application: Callable[..., Awaitable[None]]) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        has_begun = False

        async def sending(message: Any) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self.application(scope, receive, sending)
        except OSError as error:
            if has_begun or not is_full(error):
                raise
            headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"retry-after", b"600")]
            await send({"type": "http.response.start", "status": 503, "headers": headers})
            await send({"type": "http.response.body", "body": b"The disk is full. Try again later.\n"})
