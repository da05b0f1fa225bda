"""Addresses of pages that span apps."""

from django.urls import path

from apps.dashboard import views

urlpatterns = [
    path("", views.home, name="home"),
    path("search/", views.search, name="search"),
    path("start/hide/", views.start_hide, name="start-hide"),
]
