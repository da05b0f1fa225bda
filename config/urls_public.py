"""Addresses of the platform's own site and of health checks, on any host."""

from django.urls import path

from apps.dashboard import health, views

urlpatterns = [
    path("", views.platform, name="platform"),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
]
handler404 = "apps.dashboard.views.platform_not_found"
