"""A running site: everything it keeps is in its home folder, and the environment may adjust it."""

from __future__ import annotations

import os

from dinghai_platform.settings import environment
from dinghai_platform.settings.base import *  # noqa: F403

DINGHAI_HOME = environment.home()
SECRET_KEY = environment.secret_key(DINGHAI_HOME)

_url = os.environ.get("DINGHAI_DATABASE_URL", "")
DATABASES = {
    "default": environment.postgresql_database(
        _url, role=os.environ.get("DINGHAI_DATABASE_ROLE", "")
    )
    if _url
    else environment.sqlite_database(DINGHAI_HOME / "dinghai.sqlite3")
}

_bind = os.environ.get("DINGHAI_BIND", "127.0.0.1")
ALLOWED_HOSTS = environment.words("DINGHAI_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = environment.words("DINGHAI_TRUSTED_ORIGINS")

# Off loopback the cookies travel over TLS only, unless someone says aloud that they need not.
_secure = not environment.is_loopback(_bind) and not environment.flag("DINGHAI_INSECURE_COOKIES")
SESSION_COOKIE_SECURE = _secure
CSRF_COOKIE_SECURE = _secure
if environment.flag("DINGHAI_BEHIND_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = environment.flag("DINGHAI_HTTPS_REDIRECT")
SECURE_HSTS_SECONDS = environment.whole_number("DINGHAI_HSTS_SECONDS", 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = environment.flag("DINGHAI_HSTS_SUBDOMAINS")
SECURE_HSTS_PRELOAD = environment.flag("DINGHAI_HSTS_PRELOAD")

# Without a mail server no mail is sent: the administrator invites again instead.
EMAIL_HOST = os.environ.get("DINGHAI_MAIL_HOST", "")
EMAIL_PORT = environment.whole_number("DINGHAI_MAIL_PORT", 587)
EMAIL_HOST_USER = os.environ.get("DINGHAI_MAIL_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("DINGHAI_MAIL_PASSWORD", "")
EMAIL_USE_TLS = environment.flag("DINGHAI_MAIL_TLS", True)
DEFAULT_FROM_EMAIL = os.environ.get("DINGHAI_MAIL_FROM", "dinghai@localhost")
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'dummy'}.EmailBackend"

DINGHAI_CLOCK = os.environ.get("DINGHAI_CLOCK", "dinghai.foundation.clock.SystemClock")
