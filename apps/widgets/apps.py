from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WidgetsConfig(AppConfig):
    name = "apps.widgets"
    verbose_name = _("Chats on other sites")
