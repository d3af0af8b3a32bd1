"""Parks and their members for tests: the example's master policy and a few made-up firms."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from dinghai.schemes.park_file import read_park
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation, Relation
from dinghai_platform.parks.models import EventSettlement, MemberChange, Park, ParkMember
from dinghai_platform.parks.services.certificates import start_pack
from dinghai_platform.parks.services.changes import apply_change, check_list
from dinghai_platform.parks.services.parks import bind_park, open_park
from dinghai_platform.parks.services.settlements import propose_lines
from dinghai_platform.parks.services.shared import link_organisation, offer_service, record_use
from tests.platform.story import World
from tools.example_park import credit_code

EXAMPLE: Final = Path(__file__).resolve().parents[3] / "examples" / "park"
HEADER: Final = ("企业名称,统一社会信用代码,所属行业,规模,加入日,末日,附加保障,共享网段,"
                 "云服务商,风险等级")
NAMES: Final = ("云汀信息", "砚秋软件", "栖禾精密", "澄屿商贸", "沐岚检测")


def firm(number: int, *, joined: str = "", left: str = "", top_ups: str = "", grade: str = "B",
         code: str = "", size: str = "微型") -> str:
    """A row of a list: the firm of a number, the same each time."""
    return ",".join((
        f"{NAMES[number % 5]}{number}有限公司", code or credit_code(number), "CIJFM"[number % 5],
        size, joined, left, top_ups, "科创大厦", "云汀云" if number % 2 else "辰砂云", grade))


def listed(rows: Sequence[str]) -> bytes:
    """A list as a file."""
    return "\n".join([HEADER, *rows, ""]).encode()


def operator_of(world: World, name: str = "云汀园区运营") -> Organisation:
    """A park operator that the insurer deals with."""
    made = Organisation.objects.create(kind=Organisation.Kind.PARK, name_zh=name)
    Relation.objects.create(tenant=world.insurer, organisation=made)
    return made


def opened(actor: Actor, operator: Organisation | None = None) -> Park:
    """The example's master policy, bound."""
    return bind_park(open_park(
        read_park(EXAMPLE), operator=operator, actor=actor, file="park.toml"), actor=actor)


def checked(park: Park, rows: Sequence[str], actor: Actor) -> MemberChange:
    """A list that was looked through."""
    return check_list(park, listed(rows), name="list.csv", actor=actor)


def applied(park: Park, rows: Sequence[str], actor: Actor) -> MemberChange:
    """A list that was looked through and applied as seen."""
    change = checked(park, rows, actor)
    return apply_change(change, seen=change.preview_hash, actor=actor)


def members(park: Park) -> list[ParkMember]:
    """The members of a park, in the order of its roll."""
    return list(ParkMember.objects.within(park.tenant_id).filter(park=park).order_by("sequence"))


def line(number: int, amount: str, *, coverage: str = "FP-BI", day: str = "2026-03-01",
         top_up: str = "") -> dict[str, str]:
    """A line of an event."""
    return {"claim": f"C{number}", "member": credit_code(number), "coverage": coverage,
            "top_up": top_up, "day": day, "amount": amount}


def event(park: Park, actor: Actor, lines: Sequence[dict[str, str]] | None = None,
          name: str = "E-1") -> EventSettlement:
    """A proposed event."""
    return propose_lines(park, name, lines or [line(0, "50万元"), line(1, "80万元")], actor=actor)


def scene(actor: Actor, operator: Organisation, insured: Organisation) -> dict[str, Any]:
    """A park with one of each of its rows, for the tests of every route."""
    park = opened(actor, operator)
    change = applied(park, [firm(one) for one in range(3)], actor)
    first, second, _third = members(park)
    for one in (first, second):
        link_organisation(one, insured, actor=actor)
    first = members(park)[0]
    service = offer_service(park, kind="training", name_zh="钓鱼演练", actor=actor)
    record_use(service, first, on=park.inception, actor=actor)
    return {
        "park": park, "park_member": first,
        "park_change": checked(park, [firm(7, joined="2026-12-01")], actor),
        "park_applied": change, "park_event": event(park, actor), "park_service": service,
        "park_certificate": first.certificates.get(),
        "park_pack": start_pack(park, language="zh", actor=actor)}
