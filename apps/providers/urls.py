"""Pages of providers and models."""

from django.urls import path

from apps.providers import views

urlpatterns = [
    path("models/", views.provider_list, name="models"),
    path("models/ollama/", views.ollama, name="models-ollama"),
    path("models/new/", views.provider_new, name="provider-new"),
    path("models/providers/<uuid:pk>/", views.provider_detail, name="provider"),
    path("models/providers/<uuid:pk>/edit/", views.provider_edit, name="provider-edit"),
    path("models/providers/<uuid:pk>/remove/", views.provider_remove, name="provider-remove"),
    path("models/providers/<uuid:pk>/test/", views.provider_test, name="provider-test"),
    path("models/providers/<uuid:pk>/reset/", views.provider_reset, name="provider-reset"),
    path("models/providers/<uuid:pk>/offered/", views.provider_offered, name="provider-offered"),
    path("models/providers/<uuid:pk>/models/", views.model_add, name="model-add"),
    path("models/<uuid:pk>/", views.model_edit, name="model"),
    path("models/<uuid:pk>/remove/", views.model_remove, name="model-remove"),
]
