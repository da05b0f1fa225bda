"""The web process: pages and API over Django, sockets over Channels, one tenancy for both."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")
http = get_asgi_application()

from django.conf import settings

from apps.agents.routing import websocket_urlpatterns as runs
from apps.conversations.routing import websocket_urlpatterns as chats
from apps.core.admission import AdmissionGuard, Turns
from apps.core.storage import SpaceGuard
from apps.tenants.sockets import TenantSocketMiddleware
from apps.widgets.routing import websocket_urlpatterns as visits

turns = Turns(places=settings.WEB_PLACES, waiting=settings.WEB_WAITING)
application = ProtocolTypeRouter(
    {
        "http": AdmissionGuard(SpaceGuard(http), turns),
        "websocket": TenantSocketMiddleware(URLRouter([*chats, *runs, *visits]), ticketed="/ws/runs/"),
    }
)
