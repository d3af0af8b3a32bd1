"""Stories of binding and watching that went wrong once, told again by hand."""

from __future__ import annotations

from datetime import date

import pytest

from dinghai.foundation.errors import Refusal
from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.core.files import store_file
from dinghai_platform.monitoring.services.readings import latest_dossier, take_reading
from dinghai_platform.monitoring.services.rescans import record_rescan, verify_fix
from dinghai_platform.underwriting.models import Dossier, Policy
from dinghai_platform.underwriting.services.contracts import bind_policy
from dinghai_platform.underwriting.services.dossiers import archive_of_folder
from dinghai_platform.underwriting.services.explanations import record_explanations, terms_of
from dinghai_platform.underwriting.services.quotes import accept_quote
from dinghai_platform.underwriting.services.treatment import commit_fix, plan_treatment
from tests.platform.monitoring.conftest import (  # noqa: F401
    _clock,
    archive,
    case,
    dossier,
    policy,
    product,
    world,
)
from tests.platform.story import EXAMPLE, World, stand_at
from tests.platform.underwriting.way import issued_quote


def test_an_old_rescan_does_not_come_back(policy: Policy, world: World) -> None:  # noqa: F811
    underwriter = world.actor("underwriter")
    first, second = (archive_of_folder(EXAMPLE / "rescan" / day)
                     for day in ("2026-05-06", "2026-07-31"))
    for day, content in (("2026-05-06", first), ("2026-07-31", second), ("2026-08-02", first)):
        stand_at(f"{day}T10:00:00")
        done = record_rescan(policy, content, name="rescan.zip", actor=underwriter)
    assert done.reading.assessment.dossier == latest_dossier(policy)


def test_one_report_proves_two_fixes(policy: Policy, world: World) -> None:  # noqa: F811
    underwriter, insured = world.actor("underwriter"), world.actor("insured_admin")
    plan = plan_treatment(policy.quote.assessment, policy.quote.product, actor=underwriter)
    report = store_file(b"report", name="report.txt", media_type="text/plain", actor=underwriter)
    fixes = list(plan.fixes.filter(document__level="full")[:2])
    for fix in fixes:
        commit_fix(fix, due=date(2026, 7, 31), actor=insured)
        verify_fix(fix, policy, evidence=report, verified_by="第三方评估", actor=underwriter)
    scores = {one["indicator"]: one["score"]
              for one in latest_dossier(policy).statements["answers"]}
    assert [scores[fix.document["indicator"]] for fix in fixes] == [4, 4]


def test_nothing_is_read_after_the_cover(policy: Policy, world: World) -> None:  # noqa: F811
    stand_at("2027-04-01T00:00:00")
    with pytest.raises(Refusal, match="ended"):
        take_reading(policy, cause="review", actor=world.actor("underwriter"))


def test_nothing_is_bound_after_its_first_day(
    dossier: Dossier, product: ProductVersion, world: World  # noqa: F811
) -> None:
    quote, insured = issued_quote(dossier, product, world), world.actor("insured_admin")
    record_explanations(quote, [term.key for term in terms_of(quote)], actor=insured)
    quote = accept_quote(quote, actor=insured)
    stand_at("2026-04-02T09:00:00")
    with pytest.raises(Refusal, match="passed"):
        bind_policy(quote, actor=world.actor("underwriter"))
