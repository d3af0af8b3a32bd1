"""The test suite: a throw-away database, quick password hashes, a fixed secret."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from dinghai_platform.settings import environment
from dinghai_platform.settings.base import *  # noqa: F403

DINGHAI_HOME = Path(tempfile.mkdtemp(prefix="dinghai-test-"))
atexit.register(shutil.rmtree, DINGHAI_HOME, ignore_errors=True)

SECRET_KEY = "the-test-suite-needs-a-secret-that-guards-nothing-at-all"
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WHITENOISE_AUTOREFRESH = True

_url = os.environ.get("DINGHAI_TEST_DATABASE_URL", "")
if _url:
    _database = environment.postgresql_database(_url)
    _database["TEST"] = {"NAME": f"{_database['NAME']}_test_{os.getpid()}"}
else:
    # A file, not memory: threads and worker processes of the tests meet in it.
    _database = environment.sqlite_database(DINGHAI_HOME / "unused.sqlite3", synchronous="OFF")
    _database["TEST"] = {"NAME": str(DINGHAI_HOME / "test.sqlite3")}
DATABASES = {"default": _database}
