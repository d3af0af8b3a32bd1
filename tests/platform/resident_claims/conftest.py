"""A sealed scheme of certificates, and claims on them as claimants make them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from dinghai_platform.core.actors import system_actor
from dinghai_platform.resident_claims.models import Claim, ClaimSetting
from dinghai_platform.resident_claims.services import filing
from dinghai_platform.resident_claims.services.deciding import decide_claim
from dinghai_platform.residents.models import Certificate
from tests.platform.residents.conftest import SCHEME as SCHEME_OF_2027
from tests.platform.residents.conftest import listed, row
from tests.platform.story import stand_at

PDF = b"%PDF-1.4 a paper"
A40_FACTS: dict[str, Any] = {
    "loss_day": date(2027, 3, 1), "loss": 4_000_000, "recovered": 500_000, "police_filed": 1,
    "filing_day": date(2027, 3, 2), "telecom_fraud": 1, "induced": 1}
WORDS = {"story": "有人冒充客服让我转账", "police_case": "A1101052027030001",
         "payee_account": "6222020200112233445", "payee_name": "王某",
         "holder_account": "6217000010001234567", "holder_bank": "某某银行"}


@pytest.fixture(autouse=True)
def _standing_clock(settings: Any) -> Iterator[None]:
    settings.DINGHAI_CLOCK = "dinghai_platform.core.clock.StandingClock"
    stand_at("2026-12-20T09:00:00")
    yield
    (settings.DINGHAI_HOME / "clock").unlink(missing_ok=True)


@pytest.fixture
def underwriter(act_as: Callable[..., Any], insurer: Any) -> Any:
    """Who enrols residents."""
    return act_as("underwriter", insurer)


@pytest.fixture
def people(act_as: Callable[..., Any], insurer: Any) -> dict[str, Any]:
    """The insurer's people, one in each role."""
    return {role: act_as(role, insurer) for role in (
        "claims_handler", "claims_approver", "claims_payment", "auditor", "underwriter")}


@pytest.fixture
def certificates(underwriter: Any, insurer: Any) -> list[Certificate]:
    """Twelve certificates in force, with the day on which the scheme's terms were explained."""
    return enrolled(underwriter, insurer, 12)


def enrolled(underwriter: Any, insurer: Any, count: int) -> list[Certificate]:
    """So many certificates of one scheme, in force."""
    from dinghai_platform.core.worker import Worker
    from dinghai_platform.residents.services.lists import issue_list, take_list
    from dinghai_platform.residents.services.schemes import open_scheme

    scheme = open_scheme(SCHEME_OF_2027, actor=underwriter)
    enrolment = take_list(scheme, listed([row(number) for number in range(count)]),
                          name="list.csv", actor=underwriter)
    Worker().run_until_idle()
    enrolment.refresh_from_db()
    issue_list(enrolment, actor=underwriter)
    Worker().run_until_idle()
    ClaimSetting.objects.create(
        tenant=insurer, scheme=scheme, terms_explained=True, explained_on=date(2026, 12, 1),
        approve_above_fen=3_000_000, reason="已向投保人逐条说明")
    stand_at("2027-06-01T09:00:00")
    return list(Certificate.objects.within(insurer).select_related(
        "tenant", "chunk__enrolment__scheme").order_by("id"))


def made(
    certificate: Certificate, *, facts: dict[str, Any] | None = None, device: str = "",
    words: dict[str, str] | None = None, papers: tuple[str, ...] = ("police_notice",
                                                                     "bank_records"),
) -> Claim:
    """A claim submitted on a certificate: A40 with what it changes."""
    house = system_actor(certificate.tenant)
    claim = filing.start_claim(certificate, device=device or f"device-{certificate.pk}",
                               actor=house)
    stated = {name: value for name, value in {**A40_FACTS, **(facts or {})}.items()
              if value is not None}
    own = {"payee_account": f"62220202{certificate.pk:011}"}
    claim = filing.save_step(claim, facts=stated, words={**WORDS, **own, **(words or {})},
                             bank="某银行", actor=house)
    for kind in papers:
        filing.add_paper(claim, kind=kind, content=PDF + kind.encode(), actor=house)
    return filing.submit_claim(claim, declared=True, actor=house)


def decided(claim: Claim) -> Claim:
    """The claim decided by the rule."""
    return decide_claim(claim, actor=system_actor(claim.tenant))


def changed(certificate, underwriter, kind, day, rows):
    """The certificate changed by a list of changes, which is sealed."""
    from dinghai_platform.core.worker import Worker
    from dinghai_platform.residents.services.changes import Asked, apply_changes, take_changes

    changes = take_changes(certificate.chunk.enrolment.scheme, Asked(kind, day), name="changes.csv",
                           content=rows.encode(), actor=underwriter)
    Worker().run_until_idle()
    changes.refresh_from_db()
    apply_changes(changes, actor=underwriter)
    Worker().run_until_idle()
