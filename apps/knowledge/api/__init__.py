"""Knowledge for API clients: collections with their documents and passages, sources, and labelled questions."""

from apps.knowledge.api import documents, questions, sources

urlpatterns = [*documents.urlpatterns, *sources.urlpatterns, *questions.urlpatterns]
