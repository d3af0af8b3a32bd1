"""Three residents' claims of the demonstration: one paid, one in its wait, one with a person.

People, numbers and accounts are made up: only the region of the identity numbers exists.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from dinghai.schemes.people import check_digit
from dinghai_platform.core import clock
from dinghai_platform.core.actors import Actor, system_actor
from dinghai_platform.core.worker import Worker
from dinghai_platform.demo.people import Cast
from dinghai_platform.resident_claims.models import Claim
from dinghai_platform.resident_claims.services import filing
from dinghai_platform.resident_claims.services.deciding import decide_claim
from dinghai_platform.resident_claims.services.paying import pay_claim
from dinghai_platform.resident_claims.services.settings import set_scheme
from dinghai_platform.residents.models import Certificate, Enrolment
from dinghai_platform.residents.services.lists import issue_list, take_list
from dinghai_platform.residents.services.schemes import open_scheme

_PEOPLE: Final = ("张明远", "李文静", "王小川", "赵海燕", "陈志强")
_PAPER: Final = b"%PDF-1.4\n% a made-up paper of the demonstration\n"


def claim_as_residents(cast: Cast) -> dict[str, Any]:
    """Enrol a few residents, and let three claims go their ways."""
    underwriter = cast.actor("underwriter")
    certificates = _enrolled(underwriter)
    chief = cast.actor("chief_underwriter")
    set_scheme(certificates[0].chunk.enrolment.scheme, terms_explained=True,
               explained_on=clock.today() - timedelta(days=200), approve_above_fen=3_000_000,
               reason="演示：街道办已逐条签收提示说明", actor=chief)
    today = clock.today()
    paid = _claim(certificates[0], today - timedelta(days=60), device="phone-1")
    pay_claim(paid, actor=cast.actor("claims_payment"))
    waiting = _claim(certificates[1], today - timedelta(days=12), device="phone-2")
    referred = [_claim(one, today - timedelta(days=50), device="community-desk")
                for one in certificates[2:5]][-1]
    return {"resident_claims": {
        "paid": paid.number, "paid_fen": Claim.objects.within(cast.insurer).get(
            pk=paid.pk).paid_fen,
        "waiting": waiting.number, "waits_until": str(waiting.wait_until),
        "referred": referred.number, "state_of_referred": referred.state}}


def _enrolled(underwriter: Actor) -> list[Certificate]:
    today = clock.today()
    scheme = open_scheme({
        "schema": "dinghai.resident-scheme/1", "id": "haitang-street", "product":
        "resident-anti-fraud", "name_zh": "海棠街道居民反诈险（演示）",
        "name_en": "Haitang street anti-fraud cover (demonstration)", "channel": "community",
        "applicant_zh": "海棠街道办事处（演示）",
        "first_day": (today - timedelta(days=180)).isoformat(),
        "last_day": (today + timedelta(days=180)).isoformat(),
        "plans": [{"code": "P5", "name_zh": "5万元", "name_en": "¥50,000",
                   "sum_insured_fen": 5_000_000, "premium_fen": 1_200}]}, actor=underwriter)
    rows = ["姓名,身份证号,手机号,方案,是否同意,同意日期"]
    agreed = today - timedelta(days=190)
    for number, name in enumerate(_PEOPLE, start=1):
        first = f"11010119800101{number:03}"
        rows.append(f"{name},{first}{check_digit(first)},1380000{number:04},P5,是,{agreed}")
    enrolment = take_list(scheme, "\n".join([*rows, ""]).encode(), name="海棠街道-演示.csv",
                          actor=underwriter)
    Worker(lease_seconds=600).run_until_idle()
    issue_list(Enrolment.objects.within(scheme.tenant).get(pk=enrolment.pk), actor=underwriter)
    Worker(lease_seconds=600).run_until_idle()
    return list(Certificate.objects.within(scheme.tenant).filter(
        chunk__enrolment__scheme=scheme).select_related(
        "tenant", "chunk__enrolment__scheme").order_by("id"))


def _claim(certificate: Certificate, lost: date, *, device: str) -> Claim:
    """A40's figures: ¥40,000 lost, ¥5,000 back, filed on the day after."""
    house = system_actor(certificate.tenant)
    claim = filing.start_claim(certificate, device=device, actor=house)
    claim = filing.save_step(claim, facts={
        "loss_day": lost, "loss": 4_000_000, "recovered": 500_000, "police_filed": 1,
        "filing_day": lost + timedelta(days=1), "telecom_fraud": 1, "induced": 1}, words={
        "story": "对方冒充平台客服，以取消会员为由诱导转账。（演示）", "police_case": "演示-0001",
        "payee_account": f"62220000{certificate.pk:08}", "payee_name": "（演示）",
        "holder_account": f"62170000{certificate.pk:08}", "holder_bank": "演示银行"},
        bank="演示银行", actor=house)
    for kind in ("police_notice", "bank_records"):
        filing.add_paper(claim, kind=kind, content=_PAPER + kind.encode(), actor=house)
    claim = filing.submit_claim(claim, declared=True, actor=house)
    return decide_claim(claim, actor=house)
