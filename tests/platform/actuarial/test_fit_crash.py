"""The worker is killed while it makes a fit's paper: what was found stays, the paper comes once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dinghai_platform.actuarial.models import FitPaper, FitReport, FitUpload
from dinghai_platform.actuarial.services.fits import ask_fit
from dinghai_platform.core import audit
from dinghai_platform.core.tenancy import crossing_tenants
from tests.platform.actuarial.fit_making import LOSSES, uploaded
from tests.platform.actuarial.test_impact_crash import _standing  # noqa: F401
from tests.platform.killing import killed_in_the_middle, worked_to_the_end
from tests.platform.story import make_world

HANGING = """
from dinghai_platform.actuarial.services import fitting
create = fitting.FitPaper.objects.create
def create_and_hang(**fields):
    made = create(**fields)
    if fields["language"] == "en":
        hang()
    return made
fitting.FitPaper.objects.create = create_and_hang
"""


@pytest.mark.django_db(transaction=True)
def test_a_killed_fit_goes_on_where_it_was(settings: Any, tmp_path: Path) -> None:
    world = make_world()
    fit = ask_fit(uploaded(world), LOSSES, actor=world.actor("actuary"))

    killed_in_the_middle(settings, tmp_path / "marker", HANGING)
    # The fit and the Chinese paper are committed; the English one went with its worker.
    halfway = FitReport.objects.within(world.insurer).select_related("job").get(pk=fit.pk)
    assert (halfway.state, halfway.job.state, halfway.job.progress) == ("running", "running", 2)
    papers = FitPaper.objects.within(world.insurer)
    assert [one.language for one in papers] == ["zh"]
    assert FitUpload.objects.within(world.insurer).count() == 1

    worked_to_the_end(settings)
    with crossing_tenants("the test looks at everything"):
        done = FitReport.objects.within(world.insurer).get(pk=fit.pk)
    assert done.state == "done" and done.document_hash == halfway.document_hash
    assert sorted(one.language for one in papers.all()) == ["en", "zh"]
    assert FitUpload.objects.within(world.insurer).count() == 0
    assert audit.verify_chain(world.insurer).holds
