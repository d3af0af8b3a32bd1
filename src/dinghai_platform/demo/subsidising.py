"""A subsidy of hospitals' premiums in the demonstration: a budget that runs out, one taken back.

The rule and the hospitals are the fictional ones of examples/subsidy.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from dinghai_platform.demo.people import Cast
from dinghai_platform.demo.story import stand_at, work
from dinghai_platform.subsidies.models import Application
from dinghai_platform.subsidies.services.changes import report_change
from dinghai_platform.subsidies.services.lists import check_list, start_taking
from dinghai_platform.subsidies.services.payments import pay_grants
from dinghai_platform.subsidies.services.publication import publish_list
from dinghai_platform.subsidies.services.rules import open_subsidy

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "subsidy"


def subsidise(cast: Cast) -> dict[str, Any]:
    """Open, decide a list (one refused for its sector, one twice), publish, pay, take one back."""
    clerk, colleague = cast.actors("regulator_miit")
    stand_at("2026-12-14T09:00:00")
    subsidy = open_subsidy((EXAMPLE / "rule.toml").read_bytes(), "rule.toml", actor=clerk)
    row = check_list(subsidy, "applications", (EXAMPLE / "applications.csv").read_bytes(),
                     "applications.csv", actor=clerk)
    start_taking(row, actor=clerk)
    work()
    publish_list(subsidy, actor=clerk)
    stand_at("2026-12-22T09:00:00")
    payment = pay_grants(subsidy, actor=colleague)
    stand_at("2026-12-23T09:00:00")
    rows = Application.objects.within(subsidy.tenant).filter(subsidy=subsidy)
    taken_back = report_change(
        rows.get(number="SQ-001"), number="E-001", change="cancelled", day=date(2026, 12, 23),
        amount_fen=4_000_000, actor=clerk)
    states = list(rows.values_list("state", flat=True))
    return {"applications": len(states), "granted": states.count("granted"),
            "refused": states.count("refused"), "paid_fen": payment.total_fen,
            "due_fen": taken_back.due_fen}
