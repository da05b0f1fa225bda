"""Pages of projects."""

from django.urls import path

from apps.accounts.views.sharing import share_paths
from apps.projects import views
from apps.projects.models import Project

urlpatterns = [
    path("projects/", views.project_list, name="projects"),
    path("projects/new/", views.project_new, name="project-new"),
    path("projects/<uuid:pk>/", views.project_detail, name="project"),
    path("projects/<uuid:pk>/edit/", views.project_edit, name="project-edit"),
    path("projects/<uuid:pk>/settings/", views.project_settings, name="project-settings"),
    path("projects/<uuid:pk>/archive/", views.project_archive, name="project-archive"),
    path("projects/<uuid:pk>/assign/<slug:kind>/", views.project_assign, name="project-assign"),
    path("projects/<uuid:pk>/release/<slug:kind>/<uuid:thing_pk>/", views.project_release, name="project-release"),
    *share_paths("projects/<uuid:pk>/", Project, "project"),
]
