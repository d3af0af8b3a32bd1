"""The site as an ASGI application."""

from __future__ import annotations

import os
import re
import warnings

from django.conf import settings
from django.core.asgi import get_asgi_application

from dinghai_platform.core.bounded import BoundedBodies, Larger
from dinghai_platform.core.callers import asked_first
from dinghai_platform.core.house import house_apps

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dinghai_platform.settings.site")

# Static files are handed out by whitenoise from files, in the request's own thread.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous")

_django = get_asgi_application()

# A little above the largest file, for the form around it.
_FORM = 1024 * 1024
application = BoundedBodies(
    _django,
    settings.DINGHAI_UPLOAD_MAXIMUM_BYTES + _FORM,
    [Larger(re.compile(one.path), settings.DINGHAI_MASS_UPLOAD_MAXIMUM_BYTES + _FORM,
            one.permission)
     for room in house_apps() for one in room.mass_uploads],
    asked_first,
)
