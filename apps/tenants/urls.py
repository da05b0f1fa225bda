"""Addresses of the platform's own site that concern organisations."""

from django.urls import path

from apps.tenants.views import sign_up

urlpatterns = [
    path("sign-up/", sign_up.sign_up, name="tenant-sign-up"),
    path("sign-up/<uuid:pk>/", sign_up.sign_up_state, name="tenant-sign-up-state"),
]
