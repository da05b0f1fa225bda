"""Addresses of the platform's own site that concern organisations."""

from django.urls import path

from apps.tenants import views

urlpatterns = [
    path("sign-up/", views.sign_up, name="tenant-sign-up"),
    path("sign-up/<uuid:pk>/", views.sign_up_state, name="tenant-sign-up-state"),
]
