"""What is always so, whether the site runs or its tests do. Reads no file and writes none."""

from __future__ import annotations

from pathlib import Path

from django.utils.translation import gettext_lazy as _

PACKAGE = Path(__file__).resolve().parent.parent

DEBUG = False
ROOT_URLCONF = "dinghai_platform.urls"
ASGI_APPLICATION = "dinghai_platform.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "core.User"

# Rooms of the house, lowest first. A room adds itself with this one line; its pages, API,
# menu entries, permissions and job handlers are found through its `HouseApp` configuration.
HOUSE_APPS = [
    "dinghai_platform.core",
    "dinghai_platform.ledger",
    "dinghai_platform.catalogue",
    "dinghai_platform.underwriting",
    "dinghai_platform.actuarial",
    "dinghai_platform.monitoring",
    "dinghai_platform.chains",
    "dinghai_platform.claims",
    "dinghai_platform.programmes",
    "dinghai_platform.residents",
    "dinghai_platform.resident_claims",
    "dinghai_platform.parks",
    "dinghai_platform.small_firms",
    "dinghai_platform.subsidies",
    "dinghai_platform.pool",
    "dinghai_platform.cases",
    "dinghai_platform.site",
]

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    # Before allauth, so that the house's templates are found first.
    *HOUSE_APPS,
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rules.apps.AutodiscoverRulesConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "dinghai_platform.core.middleware.ContentSecurityPolicy",
    "dinghai_platform.core.middleware.ErrorsOfApi",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "dinghai_platform.core.middleware.ActorOfRequest",
    "dinghai_platform.core.middleware.AnswerOnce",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dinghai_platform.core.context.house",
            ],
        },
    }
]

# Sign-in: by e-mail or user name, optional one-time codes, invited users only.
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
DINGHAI_FRONT_PAGE = "cases:dashboard"
ACCOUNT_ADAPTER = "dinghai_platform.core.accounts.InvitedOnly"
MFA_ADAPTER = "dinghai_platform.core.accounts.SealedSecrets"
ACCOUNT_LOGIN_METHODS = {"email", "username"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": "20/m/ip,5/5m/key",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
    "reset_password": "5/m/ip,3/m/key",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Dinghai"
MFA_TRUST_ENABLED = False

# Chinese first, English beside it; business days are Shanghai's.
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [PACKAGE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "/static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Files are served from where the rooms keep them: one command starts a whole site.
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 300

# Nothing without a bound.
DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000
DATA_UPLOAD_MAX_NUMBER_FILES = 50
FILE_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600
DINGHAI_UPLOAD_MAXIMUM_BYTES = 64 * 1024 * 1024
DINGHAI_MASS_UPLOAD_MAXIMUM_BYTES = 512 * 1024 * 1024
DINGHAI_STORED_IN_DATABASE_BYTES = 1024 * 1024

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DINGHAI_CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; "
    "object-src 'none'"
)

# Two clocks. Business time (deadlines, dates of entries) may stand still in a demonstration;
# the machine's time guards leases, invitations and tokens and always runs.
DINGHAI_CLOCK = "dinghai.foundation.clock.SystemClock"
DINGHAI_MACHINE_CLOCK = "dinghai.foundation.clock.SystemClock"
DINGHAI_SETUP_LINK_HOURS = 24
DINGHAI_INVITATION_HOURS = 7 * 24
DINGHAI_JOB_LEASE_SECONDS = 30

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
}
