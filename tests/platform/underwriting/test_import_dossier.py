"""Importing a dossier: job, seal, idempotence, faults."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied

from dinghai.assessment.dossier import read_dossier
from dinghai.foundation.errors import InputError
from dinghai_platform.core.models import Job
from dinghai_platform.underwriting.models import Case, Dossier, Finding
from dinghai_platform.underwriting.services.dossiers import import_dossier
from tests.platform.story import EXAMPLE, World, work


def test_it_works(dossier: Dossier) -> None:
    whole = read_dossier(EXAMPLE)
    assert dossier.state == Dossier.State.SEALED
    assert dossier.sha256 == whole.sha256
    assert dossier.findings_count == len(whole.findings) == dossier.findings.count()
    assert dossier.job.state == Job.State.DONE


def test_nothing_is_visible_before_the_seal(case: Case, archive: bytes, world: World) -> None:
    started = import_dossier(case, archive, name="a.zip", actor=world.actor("underwriter"))
    assert started.state == Dossier.State.READING
    assert not Finding.objects.within(case.tenant).exists()


def test_the_same_file_is_imported_once(dossier: Dossier, archive: bytes, world: World) -> None:
    again = import_dossier(
        dossier.case, archive, name="donghai.zip", actor=world.actor("underwriter")
    )
    work()
    assert again.pk == dossier.pk
    assert dossier.case.dossiers.count() == 1


def test_what_is_no_archive_is_refused(case: Case, world: World) -> None:
    with pytest.raises(InputError, match="not a ZIP"):
        import_dossier(case, b"hello", name="a.zip", actor=world.actor("underwriter"))
    assert not Dossier.objects.within(case.tenant).exists()


def test_the_insured_may_import_into_its_own_case(
    case: Case, archive: bytes, world: World
) -> None:
    started = import_dossier(case, archive, name="a.zip", actor=world.actor("insured_admin"))
    work()
    assert started.tenant_id == world.insurer.pk
    assert Dossier.objects.within(case.tenant).get().state == Dossier.State.SEALED


@pytest.mark.parametrize("role", ["claims_handler", "auditor", "insured_finance"])
def test_others_may_not(case: Case, archive: bytes, world: World, role: str) -> None:
    with pytest.raises(PermissionDenied):
        import_dossier(case, archive, name="a.zip", actor=world.actor(role))


def test_another_insurer_may_not(case: Case, archive: bytes, world: World) -> None:
    foreign = world.actor("underwriter", world.other_insurer)
    with pytest.raises(PermissionDenied):
        import_dossier(case, archive, name="a.zip", actor=foreign)
