"""The REST API of a tenant, put together from its apps."""

from django.urls import include, path

urlpatterns = [
    path("", include("apps.accounts.api")),
    path("", include("apps.audit.api")),
    path("", include("apps.tenants.api.company")),
    path("", include("apps.tenants.api.caches")),
    path("", include("apps.tenants.api.features")),
    path("", include("apps.tenants.api.looks")),
    path("", include("apps.tenants.api.organizations")),
    path("", include("apps.projects.api")),
    path("", include("apps.providers.api")),
    path("", include("apps.usage.api")),
    path("", include("apps.prompts.api")),
    path("", include("apps.integrations.api")),
    path("", include("apps.knowledge.api")),
    path("", include("apps.agents.api")),
    path("", include("apps.workflows.api")),
    path("", include("apps.conversations.api")),
    path("", include("apps.widgets.api")),
    path("", include("apps.evaluations.api")),
]
