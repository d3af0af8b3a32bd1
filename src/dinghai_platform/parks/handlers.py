"""The job of parks: the certificates of all members as one ZIP."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from dinghai_platform.core import jobs
from dinghai_platform.core.jobs import Progress, Step
from dinghai_platform.parks.services.certificates import PACK, prepare_pack, write_pack


@jobs.handler(PACK, title=_("Certificates of a park"), prepare=prepare_pack)
def pack_chunk(step: Step) -> Progress:
    """Keep the certificates that were set."""
    return write_pack(step)
