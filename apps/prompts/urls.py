"""Pages of prompts."""

from django.urls import path

from apps.prompts import views

urlpatterns = [
    path("prompts/", views.prompt_list, name="prompts"),
    path("prompts/new/", views.prompt_new, name="prompt-new"),
    path("prompts/variables/", views.prompt_variables, name="prompt-variables"),
    path("prompts/<uuid:pk>/", views.prompt_detail, name="prompt"),
    path("prompts/<uuid:pk>/edit/", views.prompt_edit, name="prompt-edit"),
    path("prompts/<uuid:pk>/remove/", views.prompt_remove, name="prompt-remove"),
    path("prompts/<uuid:pk>/versions/", views.version_new, name="prompt-version-new"),
    path("prompts/<uuid:pk>/compare/", views.prompt_compare, name="prompt-compare"),
    path("prompts/<uuid:pk>/try/", views.prompt_try, name="prompt-try"),
    path("prompts/<uuid:pk>/labels/", views.label_set, name="prompt-label-set"),
    path("prompts/labels/<uuid:pk>/back/", views.label_back, name="prompt-label-back"),
    path("prompts/labels/<uuid:pk>/remove/", views.label_remove, name="prompt-label-remove"),
]
