"""Settings for the test suite: real PostgreSQL and Redis, fast passwords, mail kept in memory."""

from config.settings.base import *
from config.settings.base import DATABASES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
TENANT_SIGN_UP = True
OPERATOR_SECOND_FACTOR = False
EMAIL_BACKEND = MAIL_TRANSPORT = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "apps.core.storage.TenantStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
ACCOUNT_RATE_LIMITS = {"login_failed": "5/5m/key"}
LOG_LEVEL = "WARNING"
DATABASES["default"]["OPTIONS"]["pool"]["timeout"] = 30  # type: ignore[index]
