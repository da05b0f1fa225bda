"""Settings shared by every environment; values come from environment variables and are checked at start."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.utils.translation import gettext_lazy as _
from whitenoise.compress import Compressor

from apps.core.environment import parse_private_hosts

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent.parent
DATA_DIR = Path(env.str("GUILDHALL_DATA", default=str(BASE_DIR / "var"))).expanduser().resolve()

SECRET_KEY = env.str("SECRET_KEY")
DEBUG = False
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", ".localhost", "127.0.0.1", "[::1]"])
PLATFORM_URL = urlsplit(env.str("PLATFORM_URL", default="http://localhost:8000"))
PLATFORM_HOST = env.str("PLATFORM_HOST", default=PLATFORM_URL.hostname or "localhost")
TENANT_SIGN_UP = env.bool("TENANT_SIGN_UP", default=False)  # may anyone set up an organisation on the platform's page?

# --- apps -----------------------------------------------------------------------------------------------------
SHARED_APPS = [
    "daphne",
    "django_tenants",
    "apps.core",
    "apps.jobs",
    "apps.audit",
    "apps.tenants",
    "apps.accounts",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.admin",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.idp.oidc",
    "rest_framework_simplejwt.token_blacklist",
    "django_celery_beat",
]
TENANT_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.admin",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.idp.oidc",
    "rest_framework_simplejwt.token_blacklist",
    "guardian",
    "apps.mails",
    "apps.audit",
    "apps.accounts",
    "apps.projects",
    "apps.providers",
    "apps.usage",
    "apps.prompts",
    "apps.integrations",
    "apps.knowledge",
    "apps.agents",
    "apps.workflows",
    "apps.conversations",
    "apps.widgets",
    "apps.evaluations",
]
_UNTABLED_APPS = [
    "allauth.socialaccount.providers.openid_connect",
    "allauth.socialaccount.providers.saml",
    "allauth.socialaccount.providers.github",
    "apps.blueprints",
    "apps.protocols",
    "apps.dashboard",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "csp",
    "django_structlog",
]
# Django's own admin templates go before those that django-tenants puts in their place.
INSTALLED_APPS = [*dict.fromkeys(["django.contrib.admin", *SHARED_APPS, *TENANT_APPS, *_UNTABLED_APPS])]

TENANT_MODEL = "tenants.Tenant"
TENANT_DOMAIN_MODEL = "tenants.Domain"
PG_EXTRA_SEARCH_PATHS = ["extensions"]
SKIP_PG_EXTRA_VALIDATION = True  # it queries at start; our schemas are named t_<slug> and cannot collide

MIDDLEWARE = [
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "apps.tenants.middleware.TenantMiddleware",
    "apps.core.middleware.RequestLogMiddleware",
    "apps.core.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.audit.middleware.RefusalMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "apps.accounts.middleware.PresenceMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.core.middleware.NullCharacterMiddleware",
    "apps.core.middleware.DomainErrorMiddleware",
    "apps.core.middleware.RateLimitHeadersMiddleware",
    "apps.core.middleware.ETagMiddleware",
]
ROOT_URLCONF = "config.urls"
PUBLIC_SCHEMA_URLCONF = "config.urls_public"
ASGI_APPLICATION = "config.asgi.application"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.tenants.context.tenant",
                "apps.conversations.context.rail",
            ],
            "builtins": ["apps.core.templatetags.ui", "django.templatetags.i18n", "django.templatetags.static"],
        },
    }
]

# --- PostgreSQL and Redis -------------------------------------------------------------------------------------
DATABASES = {"default": env.db_url("DATABASE_URL")}
DATABASES["default"].update(
    ENGINE="apps.core.database",
    CONN_MAX_AGE=0,
    CONN_HEALTH_CHECKS=True,  # the pool asks each connection before it gives it out: those of before a restart are dead
    ATOMIC_REQUESTS=False,
    OPTIONS={
        "pool": {
            "min_size": 0,
            "max_size": env.int("DATABASE_POOL_SIZE", default=20),
            "max_lifetime": 600,
            "timeout": 10,
        },
        "connect_timeout": 5,
    },
)
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL")
CACHES = {
    "memory": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "guildhall",
        "KEY_FUNCTION": "apps.core.cache.tenant_key",
        "OPTIONS": {"MAX_ENTRIES": env.int("CACHE_MEMORY_ENTRIES", default=5_000)},
    },
    "disk": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": env.str("CACHE_DIR", default=str(DATA_DIR / "cache")),
        "KEY_FUNCTION": "apps.core.cache.tenant_key",
        "OPTIONS": {"MAX_ENTRIES": env.int("CACHE_DISK_ENTRIES", default=5_000)},
    },
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_FUNCTION": "apps.core.cache.tenant_key",
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
    },
}

# --- identity -------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "apps.accounts.backends.PasswordBackend",
    "apps.accounts.backends.GrantBackend",
]
ANONYMOUS_USER_NAME = None  # guardian's: nobody anonymous has an account
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "apps.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "10/m/ip,5/5m/key", "reset_password": "20/m/ip,5/m/key"}
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
SOCIALACCOUNT_ADAPTER = "apps.accounts.adapter.SingleSignOnAdapter"
SOCIALACCOUNT_LOGIN_ON_GET = True  # a link: the policy lets no form lead to another site
SOCIALACCOUNT_STORE_TOKENS = False
IDP_OIDC_ADAPTER = "apps.accounts.adapter.ProgramAdapter"
IDP_OIDC_DCR_ENABLED = True  # clients of the Model Context Protocol register themselves
IDP_OIDC_DCR_REQUIRES_INITIAL_ACCESS_TOKEN = False
IDP_OIDC_ACCESS_TOKEN_EXPIRES_IN = 15 * 60
IDP_OIDC_REFRESH_TOKEN_EXPIRES_IN = 30 * 86_400  # after that long without being used
IDP_OIDC_RATE_LIMITS = {"client_registration": "10/m/ip"}
MFA_ADAPTER = "apps.accounts.adapter.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1  # a phone whose clock is half a minute off
MFA_ALLOW_UNVERIFIED_EMAIL = True  # addresses are known from the invitation
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = PLATFORM_URL.scheme == "http"
OPERATOR_SECOND_FACTOR = env.bool("OPERATOR_SECOND_FACTOR", default=True)  # may operators come in without one?
SESSION_IDLE_S = env.int("SESSION_IDLE_S", default=30 * 60)
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "apps.core.views.csrf_failure"

AUDIT_KEEP_DAYS = env.int("AUDIT_KEEP_DAYS", default=3_650)  # where an organisation says nothing; at least 90
RATE_LIMITS = {
    "user": env.int("LIMIT_USER", default=600),
    "key": env.int("LIMIT_KEY", default=600),
    "address": env.int("LIMIT_ADDRESS", default=1_200),
    "tenant": env.int("LIMIT_TENANT", default=6_000),
    "chat": env.int("LIMIT_CHAT", default=60),
}  # requests a minute; chat: messages a minute of one person, through whichever door

# --- pages ----------------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
        "frame-ancestors": ["'none'"],
        "manifest-src": ["'self'"],
    }
}
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")  # nobody's page loads them
MEDIA_ROOT = DATA_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "apps.core.storage.TenantStorage"},
    "staticfiles": {"BACKEND": "apps.core.storage.StaticStorage"},
}
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "apps.core.storage.GuardedUploadHandler",
]
FILE_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
DATA_UPLOAD_MAX_NUMBER_FILES = 120  # a hundred in one field of a form, and some beside
MAX_DOCUMENT_BYTES = env.int("MAX_DOCUMENT_BYTES", default=50_000_000)
# Languages of Tesseract, like eng,deu; empty: the first four that are installed.
OCR_LANGUAGES = env.list("OCR_LANGUAGES", default=[])
MAX_MESSAGE_CHARS = env.int("MAX_MESSAGE_CHARS", default=32_000)

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("de", _("German"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = USE_TZ = True
TIME_ZONE = "UTC"

_mail = env.email_url("EMAIL_URL", default="consolemail://")  # smtp+tls://name:password@mail.example.com:587
EMAIL_BACKEND, MAIL_TRANSPORT = "apps.mails.backends.OutboxBackend", _mail["EMAIL_BACKEND"]
EMAIL_HOST, EMAIL_PORT = _mail["EMAIL_HOST"] or "localhost", _mail["EMAIL_PORT"] or 25
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_USER"] or "", _mail["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.get("EMAIL_USE_TLS", False), _mail.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Guildhall <no-reply@localhost>")

# --- REST API -------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.accounts.authentication.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "apps.accounts.authentication.KeyReaches",
    ],
    "DEFAULT_THROTTLE_CLASSES": ["apps.accounts.authentication.ApiLimits"],
    "DEFAULT_PARSER_CLASSES": ["apps.core.api.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["apps.core.api.ORJSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "apps.core.api.CursorPagination",
    "DEFAULT_SCHEMA_CLASS": "apps.core.schema.Schema",
    "EXCEPTION_HANDLER": "apps.core.api.problem_response",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Guildhall API",
    "VERSION": "1",
    "DESCRIPTION": "The REST API of one tenant. Errors are problem details (RFC 9457).",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": r"/api/v1/",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "apps.agents.api.schema.add_live_events",
        "apps.core.schema.describe_grammar",
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "SourceKind": "apps.knowledge.models.Source.Kind",
        "DocumentStateEnum": "apps.knowledge.models.Document.State",
        "MessageRole": "apps.conversations.models.Message.Role",
        "RunState": "apps.agents.models.Run.State",
        "SeverityName": ["low", "medium", "high", "critical"],
        "AlertKind": "apps.audit.models.AlertChannel.Kind",
        "IdentityProviderKind": "apps.accounts.models.IdentityProvider.Kind",
        "ToolRisk": ["read", "write", "send", "code"],
        "ConnectionKind": "apps.integrations.models.Connection.Kind",
        "OperationRisk": "apps.integrations.models.Operation.Risk",
        "AsksBefore": "apps.agents.models.ToolGrant.Consent",
        "ApprovalReason": "apps.agents.models.Approval.Why",
        "ApprovalState": "apps.agents.models.Approval.State",
        "AutomationKind": "apps.workflows.models.Automation.Kind",
        "BatchState": "apps.workflows.models.Batch.State",
        "BatchItemState": "apps.workflows.models.BatchItem.State",
        "WorkflowInputKind": ["text", "long_text", "number", "choice", "switch", "date", "file", "files"],
        "ExecutionState": "apps.workflows.models.Execution.State",
        "ExecutionStepState": "apps.workflows.models.ExecutionStep.State",
        "DeliveryKind": "apps.workflows.models.Delivery.Kind",
        "OccurrenceState": "apps.workflows.models.Occurrence.State",
        "DeliveryState": "apps.workflows.models.Delivery.State",
        "PriceOrigin": ["own", "listed", "none"],
        "EvaluationRunState": "apps.evaluations.models.EvaluationRun.State",
        "CaseResultState": "apps.evaluations.models.CaseResult.State",
        "ExperimentState": "apps.evaluations.models.Experiment.State",
    },
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=14),
    "CHECK_REVOKE_TOKEN": True,
    "UPDATE_LAST_LOGIN": True,
}

# --- durable work ---------------------------------------------------------------------------------------------
CELERY_BROKER_URL = env.str("BROKER_URL", default=REDIS_URL)
JOB_LEASE_S = env.float("JOB_LEASE_S", default=30.0)
JOB_HEARTBEAT_S = env.float("JOB_HEARTBEAT_S", default=10.0)
JOB_MAX_DEATHS = 3
WEB_PLACES = env.int("WEB_PLACES", default=8)  # requests that a web process works on at once
WEB_WAITING = env.int("WEB_WAITING", default=24)  # and how many wait for a place; a tenant gets three quarters of them
JOB_TENANT_CAP = env.int("JOB_TENANT_CAP", default=32)
JOB_TENANT_QUEUE_LIMIT = env.int("JOB_TENANT_QUEUE_LIMIT", default=2000)
# Seconds between the tries of a message to a webhook; after the last one it is given up. Together 28 hours.
WEBHOOK_DELAYS_S = env.list("WEBHOOK_DELAYS_S", cast=float, default=[5, 300, 1800, 7200, 18000, 36000, 36000])

# --- models ---------------------------------------------------------------------------------------------------
CREDENTIAL_KEYS = env.list("CREDENTIAL_KEYS", default=[SECRET_KEY])
EMBEDDING_MODEL_DIR = Path(env.str("EMBEDDING_MODEL_DIR", default=str(DATA_DIR / "model")))
PROVIDER_PRIVATE_HOSTS = parse_private_hosts(env.list("PROVIDER_PRIVATE_HOSTS", default=[]))
TOOL_PRIVATE_HOSTS = parse_private_hosts(env.list("TOOL_PRIVATE_HOSTS", default=[]))
PROVIDER_TIMEOUT_S = env.float("PROVIDER_TIMEOUT_S", default=60.0)  # for each read and write; connecting gets 10
# The image of the containers in which scripts run; empty: bubblewrap where it works.
SANDBOX_IMAGE = env.str("SANDBOX_IMAGE", default="")
SANDBOX_RUNTIME = env.str("SANDBOX_RUNTIME", default="")  # of those containers, "runsc" say
MAX_ANSWER_TOKENS = env.int("MAX_ANSWER_TOKENS", default=8_192)  # of one call, where nobody set anything else
PROVIDER_SILENCE_S = env.float("PROVIDER_SILENCE_S", default=60.0)  # without a token, the first or the next
PROVIDER_CALL_LIMIT_S = env.float("PROVIDER_CALL_LIMIT_S", default=600.0)  # for a whole answer

# --- operation ------------------------------------------------------------------------------------------------
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True  # if it is one: apps.core.middleware.RequestLogMiddleware
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"structured": {"()": "apps.core.logs.formatter", "as_json": env.bool("LOG_JSON", default=False)}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "structured"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django.channels.server": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},
        "httpx2": {"level": "WARNING"},  # at INFO it writes whole addresses, and a secret may be a parameter of one
        "fontTools": {"level": "WARNING"},
    },
}
SENTRY_DSN = env.str("SENTRY_DSN", default="")
DEMO_PASSWORD = env.str("DEMO_PASSWORD", default="")  # of the people in the demo tenants; empty: none can sign in
SILENCED_SYSTEM_CHECKS = [
    "guardian.W001",  # apps.accounts.backends stands in for guardian's backend, which knows no conditions
    "auth.W004",  # the e-mail address is unique by Lower(email)
]

from config.celery import app as celery_app  # noqa: F401  every process that enqueues needs the application
