"""Addresses of chats on other sites: where they are set up, and what the sites load."""

from django.urls import path

from apps.widgets.views import frames, widgets

urlpatterns = [
    path("widgets/", widgets.widget_list, name="widgets"),
    path("widgets/new/", widgets.widget_new, name="widget-new"),
    path("widgets/<uuid:pk>/", widgets.widget_detail, name="widget"),
    path("widgets/<uuid:pk>/edit/", widgets.widget_edit, name="widget-edit"),
    path("widgets/<uuid:pk>/secret/", widgets.widget_rotate, name="widget-rotate"),
    path("widgets/<uuid:pk>/remove/", widgets.widget_remove, name="widget-remove"),
    path("embed.js", frames.script, name="widget-script"),
    path("embed/<uuid:pk>/", frames.frame, name="widget-frame"),
]
