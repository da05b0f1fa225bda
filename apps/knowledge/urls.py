"""Addresses of collections and documents."""

from django.urls import path

from apps.accounts.views.sharing import share_paths
from apps.knowledge import views
from apps.knowledge.models import KnowledgeBase

urlpatterns = [
    *share_paths("knowledge/<uuid:pk>/", KnowledgeBase, "collection"),
    path("knowledge/", views.collection_list, name="collections"),
    path("knowledge/<uuid:pk>/", views.collection_detail, name="collection"),
    path("knowledge/<uuid:pk>/reading/", views.collection_reading, name="collection-reading"),
    path("knowledge/<uuid:pk>/model/", views.collection_model, name="collection-model"),
    path("knowledge/<uuid:pk>/documents/", views.document_upload, name="document-upload"),
    path("knowledge/<uuid:pk>/paste/", views.document_paste, name="document-paste"),
    path("documents/<uuid:pk>/", views.document_detail, name="document"),
    path("documents/<uuid:pk>/file/", views.document_file, name="document-file"),
    path("documents/<uuid:pk>/tags/", views.document_tags, name="document-tags"),
    path("documents/<uuid:pk>/retry/", views.document_retry, name="document-retry"),
    path("documents/<uuid:pk>/delete/", views.document_delete, name="document-delete"),
]
