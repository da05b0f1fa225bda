"""Knowledge for API clients: collections with their documents and passages, and sources."""

from apps.knowledge.api import documents, sources

urlpatterns = [*documents.urlpatterns, *sources.urlpatterns]
