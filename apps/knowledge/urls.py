"""Addresses of collections and documents."""

from django.urls import path

from apps.accounts.views.sharing import share_paths
from apps.knowledge.models import KnowledgeBase
from apps.knowledge.views import collections, documents, passages, questions, sources

urlpatterns = [
    *share_paths("knowledge/<uuid:pk>/", KnowledgeBase, "collection"),
    path("knowledge/", collections.collection_list, name="collections"),
    path("knowledge/<uuid:pk>/", collections.collection_detail, name="collection"),
    path("knowledge/<uuid:pk>/reading/", collections.collection_reading, name="collection-reading"),
    path("knowledge/<uuid:pk>/model/", collections.collection_model, name="collection-model"),
    path("knowledge/<uuid:pk>/documents/", documents.document_upload, name="document-upload"),
    path("knowledge/<uuid:pk>/documents/several/", documents.documents_several, name="documents-several"),
    path("knowledge/<uuid:pk>/paste/", documents.document_paste, name="document-paste"),
    path("knowledge/<uuid:pk>/questions/", questions.question_list, name="questions"),
    path("knowledge/<uuid:pk>/measure/", questions.collection_measure, name="collection-measure"),
    path("questions/<uuid:pk>/decide/", questions.question_decide, name="question-decide"),
    path("questions/<uuid:pk>/remove/", questions.question_remove, name="question-remove"),
    path("knowledge/<uuid:pk>/sources/", sources.source_list, name="sources"),
    path("knowledge/<uuid:pk>/sources/new/", sources.source_new, name="source-new"),
    path("sources/<uuid:pk>/", sources.source_detail, name="source"),
    path("sources/<uuid:pk>/change/", sources.source_edit, name="source-edit"),
    path("sources/<uuid:pk>/now/", sources.source_now, name="source-now"),
    path("sources/<uuid:pk>/remove/", sources.source_remove, name="source-remove"),
    path("documents/<uuid:pk>/", documents.document_detail, name="document"),
    path("documents/<uuid:pk>/pages/<int:number>.png", documents.document_page, name="document-page"),
    path("documents/<uuid:pk>/file/", documents.document_file, name="document-file"),
    path("documents/<uuid:pk>/tags/", documents.document_tags, name="document-tags"),
    path("documents/<uuid:pk>/retry/", documents.document_retry, name="document-retry"),
    path("documents/<uuid:pk>/again/", documents.document_again, name="document-again"),
    path("passages/<uuid:pk>/", passages.passage_edit, name="passage-edit"),
    path("passages/<uuid:pk>/search/", passages.passage_search, name="passage-search"),
    path("documents/<uuid:pk>/delete/", documents.document_delete, name="document-delete"),
]
