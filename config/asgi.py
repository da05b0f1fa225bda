"""The web process: pages and API over Django, sockets over Channels, one tenancy for both."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")
http = get_asgi_application()

from apps.conversations.routing import websocket_urlpatterns
from apps.core.storage import SpaceGuard
from apps.tenants.sockets import TenantSocketMiddleware

application = ProtocolTypeRouter(
    {"http": SpaceGuard(http), "websocket": TenantSocketMiddleware(URLRouter(websocket_urlpatterns))}
)
