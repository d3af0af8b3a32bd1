"""Jobs of subsidies: taking a list, and following policies once a day."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from dinghai_platform.core import jobs
from dinghai_platform.subsidies.services.changes import FOLLOW, follow_step
from dinghai_platform.subsidies.services.lists import TAKE, take_step

jobs.handler(TAKE, title=_("A list of a subsidy is taken"))(take_step)
jobs.handler(FOLLOW, title=_("Policies with a subsidy are followed"), daily=True)(follow_step)
