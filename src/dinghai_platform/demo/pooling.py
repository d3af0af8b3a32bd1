"""The shared data pool of the demonstration: member insurers with made-up records, two releases.

The firms have codes of a region that does not exist, and every file says that it is fictional.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from dinghai.experience.pool_private import Budget
from dinghai.experience.pool_records import COLUMNS, check_character
from dinghai.foundation.streams import uniforms
from dinghai_platform.core import audit, clock, services
from dinghai_platform.core.actors import Actor, actor_of_membership
from dinghai_platform.core.models import Membership, Organisation, User
from dinghai_platform.demo.people import Cast
from dinghai_platform.pool.models import Batch
from dinghai_platform.pool.queries import stock
from dinghai_platform.pool.services.contributions import contribute_file, withdraw_batch
from dinghai_platform.pool.services.members import admit_member, open_pool
from dinghai_platform.pool.services.releases import publish_private, publish_suppressed

_OTHERS = (("远岸财产保险（演示）", "Yuan'an P&C (demonstration)"),
           ("云帆财产保险（演示）", "Yunfan P&C (demonstration)"),
           ("潮生财产保险（演示）", "Chaosheng P&C (demonstration)"))
_SEED = 20260302
_FIRMS = 45
_EVENTS = 90
_SECTIONS = "CCCCCIIIGGJQF"
_SIZES = ("1-10", "11-100", "11-100", "101-1000", "101-1000", "1001-10000")
_PERILS = ("ransomware",) * 4 + ("bec_fraud",) * 3 + ("intrusion_breach",) * 2 + (
    "ddos_web", "error_insider", "third_party")


def share(cast: Cast) -> dict[str, Any]:
    """Open the pool, let four insurers give records, publish, and let one take a batch back."""
    operator = _operator()
    open_pool(actor=operator)
    actors = [cast.actor("actuary"), *(_actuary(zh, en, operator) for zh, en in _OTHERS)]
    batches: list[Batch] = []
    for place, actor in enumerate(actors):
        admit_member(actor.organisation, actor=operator)
        for part, purposes in enumerate((
            ["pricing_research", "market_statistics", "regulatory_report", "academic_research"],
            ["market_statistics", "regulatory_report"],
        )):
            batches.append(contribute_file(
                _file(place, part), name=f"虚构记录-{place + 1}-{part + 1}.csv",
                purposes=purposes, actor=actor))
    exact = publish_suppressed("market_statistics", actor=operator)
    noisy = publish_private("academic_research", Budget(1_000_000), actor=operator)
    withdraw_batch(batches[-1], reason="演示：撤回后，其后的发布不再包含", actor=actors[-1])
    held = stock()
    return {"members": held.members, "records": held.records,
            "releases": [exact.number, noisy.number]}


def _operator() -> Actor:
    return actor_of_membership(Membership.objects.select_related("user", "organisation").get(
        organisation=audit.platform_organisation(), role="platform_admin"))


def _actuary(name_zh: str, name_en: str, operator: Actor) -> Actor:
    """The actuary of one more insurer; nobody signs in as them."""
    insurer = services.create_organisation(
        kind=Organisation.Kind.INSURER, name_zh=name_zh, name_en=name_en, actor=operator)
    number = User.objects.count() + 1
    user = User(username=f"pool-{number}", email=f"pool-{number}@demo.example",
                full_name="精算（演示）")
    user.set_unusable_password()
    user.save()
    return actor_of_membership(services.add_member(user, insurer, "actuary", actor=operator))


def _file(member: int, part: int) -> bytes:
    """One member's made-up records: some firms are also another member's."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(_rows(member, part))
    return text.getvalue().encode()


def _rows(member: int, part: int) -> Iterator[list[Any]]:
    first = member * (_FIRMS - 5)
    firms = [_firm(first + number) for number in range(_FIRMS)]
    today = clock.today()
    draws = uniforms(_SEED, f"demo.pool.{member}.{part}", _EVENTS, 6)
    for firm, peril, when, size, people, hours in draws.tolist():
        code, section, band = firms[int(firm * _FIRMS)]
        days = (today - date(today.year - 3, 1, 1)).days - 1
        amount = round(80_000 * (1 - 0.9995 * size) ** -0.9) * 100
        yield ["event", code, date(today.year - 3, 1, 1) + timedelta(days=int(when * days)),
               section, band, _PERILS[int(peril * len(_PERILS))], amount,
               int(people * 5_000), int(hours * 96), ""]
    if part == 0:
        for code, section, band in firms:
            for year in range(today.year - 3, today.year + 1):
                yield ["cover", code, date(year, 1, 1), section, band, "", "", "", "", ""]


def _firm(number: int) -> tuple[str, str, str]:
    section, band = uniforms(_SEED, "demo.pool.firms", 1, 2, first_unit=number)[0].tolist()
    start = f"91990000{number:09d}"
    return (start + check_character(start), _SECTIONS[int(section * len(_SECTIONS))],
            _SIZES[int(band * len(_SIZES))])
