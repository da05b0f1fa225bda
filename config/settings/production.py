"""Settings for production: every secret must be given, cookies are host-only and secure, HTTPS is assumed."""

from urllib.parse import urlsplit

from config.settings.base import *
from config.settings.base import env

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
PLATFORM_URL = urlsplit(env.str("PLATFORM_URL"))  # links in messages follow it
PLATFORM_HOST = env.str("PLATFORM_HOST", default=PLATFORM_URL.hostname or "")
CREDENTIAL_KEYS = env.list("CREDENTIAL_KEYS")
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_NAME = "__Host-csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = False
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
