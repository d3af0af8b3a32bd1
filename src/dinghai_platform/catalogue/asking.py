"""What a page or a program asks of a comparison, read from an address and written back into one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.http import QueryDict

from dinghai.comparison.compare import STANDARD_INCEPTION
from dinghai.comparison.scenarios import shipped_scenarios
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.money import MAXIMUM_FEN

FEWEST, MOST = 2, 6
"""How many products stand side by side."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Products and enterprise by key; limit and deductible in fen (None: as the enterprise wants);
    scenarios (none named: all).
    """

    products: tuple[str, ...]
    enterprise: str
    limit_fen: int | None = None
    deductible_fen: int | None = None
    inception: date = STANDARD_INCEPTION
    scenarios: tuple[str, ...] = ()

    @property
    def query(self) -> str:
        """The address that asks the same again."""
        pairs = [("p", one) for one in self.products] + [("e", self.enterprise)]
        if self.limit_fen is not None:
            pairs.append(("limit", str(self.limit_fen)))
        if self.deductible_fen is not None:
            pairs.append(("deductible", str(self.deductible_fen)))
        if self.inception != STANDARD_INCEPTION:
            pairs.append(("inception", self.inception.isoformat()))
        return urlencode([*pairs, *(("s", one) for one in self.scenarios)])


def asked_of(query: QueryDict) -> Asked:
    """What an address asks. Raises InputError for all that cannot be read."""
    faults: list[Fault] = []
    limit, deductible = (_fen(query, name, faults) for name in ("limit", "deductible"))
    inception = _day(query, faults)
    scenarios = tuple(dict.fromkeys(one for one in query.getlist("s") if one))
    faults += [Fault("there is no such scenario", field="s", mend="choose a standard one")
               for one in scenarios if one not in shipped_scenarios()]
    if faults:
        raise InputError.of(faults)
    return Asked(_keys(query.getlist("p")), query.get("e", ""), limit, deductible, inception,
                 scenarios)


def _keys(given: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in given if one))[:MOST + 1]


def check_count(products: Sequence[str]) -> None:
    """Raise InputError for too few products, or too many to be read side by side."""
    if len(products) < FEWEST:
        raise InputError("choose at least two products", field="p", mend="choose two to six")
    if len(products) > MOST:
        raise InputError("choose at most six products", field="p", mend="choose two to six")


def _fen(query: QueryDict, name: str, faults: list[Fault]) -> int | None:
    """Whole fen; a page sends yuan as ``limit_yuan``."""
    text = query.get(name, "").strip()
    factor = 1
    if not text:
        text, factor = query.get(f"{name}_yuan", "").replace(",", "").strip(), 100
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 16 or (
            int(text) * factor > MAXIMUM_FEN):
        faults.append(Fault("this is no amount", field=name, mend="write whole numbers"))
        return None
    return int(text) * factor


def _day(query: QueryDict, faults: list[Fault]) -> date:
    text = query.get("inception", "").strip()
    if not text:
        return STANDARD_INCEPTION
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = date.min
    if not 2000 <= found.year <= 2100:
        faults.append(Fault("this is no day", field="inception", mend="write it like 2026-01-01"))
        return STANDARD_INCEPTION
    return found
