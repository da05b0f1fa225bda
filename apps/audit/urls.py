"""Addresses of the audit, of security events and of alerts."""

from django.urls import path

from apps.audit.views import alerts, security, trail

urlpatterns = [
    path("audit/", trail.audit_list, name="audit"),
    path("audit/export/", trail.audit_export, name="audit-export"),
    path("security/", security.security_list, name="security"),
    path("security/<uuid:pk>/handle/", security.security_handle, name="security-handle"),
    path("security/alerts/", alerts.alert_list, name="alerts"),
    path("security/alerts/<uuid:pk>/remove/", alerts.alert_remove, name="alert-remove"),
    path("security/alerts/<uuid:pk>/test/", alerts.alert_test, name="alert-test"),
    path("security/alerts/sent/<uuid:pk>/again/", alerts.alert_again, name="alert-again"),
]
