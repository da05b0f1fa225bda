"""Knowledge for API clients: collections with their documents and passages, sources, and labelled questions."""

from apps.knowledge.api import documents, questions, sources, uploads

urlpatterns = [*documents.urlpatterns, *uploads.urlpatterns, *sources.urlpatterns, *questions.urlpatterns]
