"""Records of made-up firms for the tests of the shared data pool."""

from __future__ import annotations

from datetime import date, timedelta

from dinghai.experience.pool_cells import Event, Given
from dinghai.experience.pool_records import PoolRecord, check_character
from dinghai.foundation.streams import uniforms

MEMBERS = ("甲", "乙", "丙", "丁")
PERILS = ("ransomware", "ransomware", "ransomware", "bec_fraud", "bec_fraud", "intrusion_breach",
          "ddos_web", "error_insider")
SECTIONS = "CCCCIIJGF"
SIZES = ("1-10", "11-100", "101-1000")


def credit_code(number: int) -> str:
    """A well-formed code of no firm."""
    start = f"91990000{number:09d}"
    return start + check_character(start)


def record(firm: str, **changes: object) -> PoolRecord:
    """An event of a firm."""
    fields: dict[str, object] = {
        "kind": "event", "firm": firm, "day": date(2025, 3, 1), "section": "C",
        "size_band": "11-100", "peril": "ransomware", "amount_fen": 1_000_000,
        "records": 10, "duration_hours": 24, **changes,
    }
    return PoolRecord(**fields)  # type: ignore[arg-type]


def event(firm: str, *givers: str, **changes: object) -> Event:
    """An event given by members."""
    fields: dict[str, object] = {
        "firm": firm, "peril": "ransomware", "section": "C", "size_band": "11-100", "year": 2025,
        "day": "2025-03-01", "amount_fen": 1_000_000, "duration_hours": 24,
        "contributors": frozenset(givers or ("甲",)), **changes,
    }
    return Event(**fields)  # type: ignore[arg-type]


def book(
    events: int, firms: int, seed: int = 1, *, covers: bool = False, first: int = 0
) -> list[Given]:
    """What the members gave: a firm is insured by one member and keeps its section and size."""
    draws = uniforms(seed, "tests.pool", 1, events * 5 + firms * 3)[0].tolist()

    def pick(among: object) -> object:
        return among[int(draws.pop() * len(among))]  # type: ignore[arg-type, index]

    known = [(credit_code(first + number), pick(MEMBERS), pick(SECTIONS), pick(SIZES))
             for number in range(firms)]
    out = []
    for _ in range(events):
        firm, member, section, size = known[int(draws.pop() * firms)]
        day = date(2023, 1, 1) + timedelta(days=int(draws.pop() * 1_000))
        amount = int(200_000 * (1.0 / (1.0 - 0.999 * draws.pop())) ** 0.8)
        out.append(Given(str(member), record(
            firm, section=section, size_band=size, peril=pick(PERILS), day=day,
            amount_fen=amount)))
    if covers:
        out += [Given(str(member), PoolRecord("cover", firm, date(year, 1, 1), str(section),
                                              str(size)))
                for firm, member, section, size in known for year in (2023, 2024, 2025)]
    return out
