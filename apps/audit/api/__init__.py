"""The audit, the security events and the alerts for API clients."""

from apps.audit.api import alerts, security, trail

urlpatterns = [*trail.urlpatterns, *security.urlpatterns, *alerts.urlpatterns]
