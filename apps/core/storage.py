"""Where files live: a folder a tenant for uploads, hashed names for static files."""

from pathlib import Path

from django.conf import settings
from django.core.files.storage import FileSystemStorage
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
