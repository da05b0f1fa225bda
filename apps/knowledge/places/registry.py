"""Which place a source reads from."""

from apps.knowledge.models import Source
from apps.knowledge.places.base import Place
from apps.knowledge.places.repositories import GitHub, GitLab, Repository
from apps.knowledge.places.storage import Bucket
from apps.knowledge.places.web import Page, Site


def place_of(source: Source) -> Place:
    """Return the place that a source describes, with its secret."""
    if source.kind == Source.Kind.PAGE:
        return Page(source.address)
    if source.kind == Source.Kind.SITE:
        return Site(source.address)
    if source.kind == Source.Kind.S3:
        return Bucket(source.address, source.place, source.folder, source.branch, source.account, source.secret())
    repository = Repository(source.address, source.place, source.branch, source.folder, source.secret())
    return GitHub(repository) if source.kind == Source.Kind.GITHUB else GitLab(repository)
