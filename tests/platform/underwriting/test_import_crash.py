"""The worker is killed in the middle of an import: nothing is lost, nothing comes twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dinghai.assessment.dossier import read_dossier
from dinghai_platform.core import audit
from dinghai_platform.core.models import Job
from dinghai_platform.underwriting.models import Dossier, EvidenceReading, Finding
from dinghai_platform.underwriting.services.cases import open_case
from dinghai_platform.underwriting.services.dossiers import archive_of_folder, import_dossier
from tests.platform.killing import killed_in_the_middle, worked_to_the_end
from tests.platform.story import EXAMPLE, make_world

HANGING = """
from dinghai_platform.underwriting.services import staging
write = staging.write_reading
def write_and_hang(dossier, position, reading):
    row = write(dossier, position, reading)
    if position == 3:
        hang()
    return row
staging.write_reading = write_and_hang
"""


@pytest.mark.django_db(transaction=True)
def test_a_killed_import_goes_on_where_it_was(settings: Any, tmp_path: Path) -> None:
    world = make_world()
    underwriter = world.actor("underwriter")
    case = open_case(world.donghai, title="crash", actor=underwriter)
    started = import_dossier(
        case, archive_of_folder(EXAMPLE), name="donghai.zip", actor=underwriter
    )
    killed_in_the_middle(settings, tmp_path / "marker", HANGING)
    # Statements and two files are committed; the third file's rows are gone with its worker.
    job = Job.objects.within(world.insurer).get(pk=started.job_id)
    assert (job.state, job.progress) == (Job.State.RUNNING, 3)
    assert EvidenceReading.objects.within(world.insurer).count() == 2
    assert Dossier.objects.within(world.insurer).get().state == Dossier.State.READING

    worked_to_the_end(settings)
    whole = read_dossier(EXAMPLE)
    dossier = Dossier.objects.within(world.insurer).get()
    assert dossier.state == Dossier.State.SEALED and dossier.sha256 == whole.sha256
    assert EvidenceReading.objects.within(world.insurer).count() == len(whole.readings)
    assert Finding.objects.within(world.insurer).count() == len(whole.findings)
    assert audit.verify_chain(world.insurer).holds
