"""One of each row of residents' claims, for tests of every route."""

from __future__ import annotations

from datetime import date
from typing import Any

from dinghai_platform.core.actors import system_actor
from dinghai_platform.core.worker import Worker
from dinghai_platform.resident_claims.models import ClaimImport, ClaimSetting
from dinghai_platform.resident_claims.services import filing, objections, paying, recoveries
from dinghai_platform.resident_claims.services.imports import take_file
from dinghai_platform.resident_claims.services.runs import start_run
from dinghai_platform.residents.models import Certificate, Enrolment
from dinghai_platform.residents.services.lists import issue_list, take_list
from dinghai_platform.residents.services.schemes import open_scheme
from tests.platform.residents.conftest import SCHEME, listed, row

SCHEME_OF_2026: dict[str, Any] = {**SCHEME, "id": "claims-2026", "first_day": "2026-01-01",
                                  "last_day": "2026-12-31"}


def scene(underwriter: Any, handler: Any, payer: Any) -> dict[str, Any]:
    """A paid claim with a paper, a recovery and an objection; a run; a file of claims."""
    tenant = underwriter.organisation
    scheme = open_scheme(SCHEME_OF_2026, actor=underwriter)
    enrolment = take_list(scheme, listed([row(one) for one in range(40, 44)]), name="claims.csv",
                          actor=underwriter)
    Worker().run_until_idle()
    issue_list(Enrolment.objects.within(tenant).get(pk=enrolment.pk), actor=underwriter)
    Worker().run_until_idle()
    ClaimSetting.objects.create(tenant=tenant, scheme=scheme, terms_explained=True,
                                explained_on=date(2026, 1, 1), reason="已说明")
    certificates = list(Certificate.objects.within(tenant).filter(
        chunk__enrolment__scheme=scheme).select_related("tenant", "chunk__enrolment__scheme"))
    house = system_actor(tenant)
    claims = []
    for place, certificate in enumerate(certificates[:2]):
        claim = filing.start_claim(certificate, device=f"d{place}", actor=house)
        claim = filing.save_step(claim, facts={
            "loss_day": date(2026, 3, 1), "loss": 4_000_000, "recovered": 500_000,
            "police_filed": 1, "filing_day": date(2026, 3, 2)}, actor=house, words={
            "story": "假冒客服", "holder_account": "6217000010001234567",
            "payee_account": f"62220202{place:011}"})
        papers = [filing.add_paper(claim, kind=kind, content=b"%PDF-1" + kind.encode(), actor=house)
                  for kind in ("police_notice", "bank_records")]
        claims.append(filing.submit_claim(claim, declared=True, actor=house))
    run = start_run(actor=handler)
    Worker().run_until_idle()
    claims[0].refresh_from_db()
    paying.pay_claim(claims[0], actor=payer)
    claims[0].refresh_from_db()
    back = recoveries.report_recovery(claims[0], amount_fen=1_500_000,
                                      returned_on=date(2026, 5, 1), actor=house)
    file = take_file(b"claim_id\nC1\n", name="channel.csv", actor=handler)
    Worker().run_until_idle()
    return {
        "resident_claim": claims[0], "resident_claim_to_pay": claims[1], "claim_paper": papers[0],
        "claim_scheme": scheme, "decision_run": run, "claim_recovery": back,
        "claim_objection": objections.object_to(claims[0], text="金额有误", actor=house),
        "claim_import": ClaimImport.objects.within(tenant).get(pk=file.pk)}


