"""Rules and applications of a subsidy for tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from dinghai.foundation.clock import SHANGHAI
from dinghai.schemes.subsidy_applications import Application
from dinghai.schemes.subsidy_decide import Decisions, decide
from dinghai.schemes.subsidy_publication import pay, publish
from dinghai.schemes.subsidy_register import Register
from dinghai.schemes.subsidy_rule import RuleText, rule_from

DAY = date(2026, 6, 1)
START = datetime(2026, 3, 1, 9, 0, tzinfo=SHANGHAI)
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def credit_code(number: int) -> str:
    """A unified social credit code with its check character (GB 32100-2015)."""
    base = f"12310000{number:09d}"
    total = sum(_ALPHABET.index(sign) * pow(3, at, 31) for at, sign in enumerate(base))
    return base + _ALPHABET[-total % 31]


def rule(**changes: Any) -> RuleText:
    """Half of the premium, ¥1 million of budget, section Q in area 31."""
    raw = {
        "schema": "dinghai.subsidy-rule/1", "id": "r", "version": "1", "name_zh": "补贴",
        "authority": "某市", "source": "a test", "confidence": "D", "ratio_ppm": 500_000,
        "budget_fen": 100_000_000, "period": {"first": "2026-01-01", "last": "2026-12-31"},
        "scope": {"sectors": ["Q"], "areas": ["31"]}, **changes}
    return rule_from({name: value for name, value in raw.items() if value is not None})


def application(number: int, premium_fen: int = 10_000_000, *, firm: int | None = None,
                minutes: int | None = None, **changes: Any) -> Application:
    """One of ¥100,000 that meets the rule; its number is its minute."""
    at = START + timedelta(minutes=number if minutes is None else minutes)
    one: dict[str, Any] = {
        "id": f"A{number}", "credit_code": credit_code(number if firm is None else firm),
        "name": f"第{number}示例医院", "policy": f"P{number}", "premium_fen": premium_fen,
        "applied_at": at, "sector": "Q84", "area": "310115", "size": "medium",
        "borne_by_others_fen": 0, "paid_on": date(2026, 2, 1), **changes}
    return Application(**one)


def run(text: RuleText, applications: Sequence[Application], register: Register | None = None,
        *, day: date = DAY, close: bool = False) -> tuple[Register, Decisions]:
    """Decide, and the register afterwards."""
    before = register or Register(text.rule.id)
    found = decide(text, before, list(enumerate(applications, start=2)), day=day, close=close)
    return before.with_entries(found.entries), found


def outcomes(found: Decisions) -> dict[str, tuple[str, int]]:
    """Outcome and grant by application."""
    return {one.application.id: (one.outcome, one.granted_fen) for one in found.decided}


def paid(text: RuleText, register: Register, *, day: date = DAY) -> Register:
    """The register once all that can be paid is paid."""
    if text.rule.publication is not None:
        found = publish(text, register, day=day)
        register = register.with_entries([found.entry] if found.entry else [])
        day = found.objections_until + timedelta(days=1)
    return register.with_entries(pay(text, register, day=day).entries)
