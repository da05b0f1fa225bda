"""What packages put into an organisation's administration by themselves goes out of it again.

Their pages know nothing of our rules (a second factor would be changed without a record), and some of their tables are the platform's alone. The
schedule of periodic tasks, which is, goes to the platform's administration.
"""

from django.contrib import admin
from django.contrib.auth.models import Group

from apps.core.admin import platform_site

OURS = "apps."
PLATFORMS = "django_celery_beat"

for model, page in list(admin.site._registry.items()):
    if not model.__module__.startswith(OURS) and model is not Group:
        admin.site.unregister(model)
        if model._meta.app_label == PLATFORMS:
            platform_site.register(model, type(page))
