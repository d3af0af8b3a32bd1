"""A recorded sanctions screening: known clear, known hit, or nobody knows."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from dinghai.foundation.errors import InputError
from dinghai.pricing.quote import Pricer, Quote
from dinghai.pricing.screening import (
    HIT_FACT,
    Screening,
    read_screening,
    screening_of,
    screening_rules,
)
from dinghai.wording.products import load_product
from tests.losses.risks import INCEPTION, PRODUCT, QUOTED, assessment, dossier


def recorded(result: str = "clear", on: date = QUOTED, **other: Any) -> dict[str, Any]:
    return {"schema": "dinghai.screening/1", "lists": ["名单甲", "List B"],
            "screened_on": on.isoformat(), "result": result, "reference": "S-1", **other}


def quoted(screening: Screening | None) -> Quote:
    pricer = Pricer.of(dossier("donghai"), assessment("donghai"), load_product(PRODUCT),
                       screening=screening)
    return pricer.quote(pricer.schedule(inception=INCEPTION))


def needed(quote: Quote) -> list[str]:
    return [one.rule.id for one in quote.referral.evidence_needed]


def test_who_was_cleared_needs_no_more_evidence() -> None:
    assert needed(quoted(None)) == ["SANCTIONS"]
    clear = quoted(screening_of(recorded()))
    assert needed(clear) == [] and "sanctions_hit" not in clear.reasons
    assert clear.premium == quoted(None).premium
    assert clear.to_dict()["screening"]["reference"] == "S-1"  # type: ignore[index,call-overload]


def test_a_hit_is_referred_to_compliance() -> None:
    hit = quoted(screening_of(recorded("hit")))
    assert hit.outcome == "refer" and "sanctions_hit" in hit.reasons
    assert next(one.rule.to for one in hit.referral.applied
                if one.rule.id == "SANCTIONS") == "compliance"


@pytest.mark.parametrize("document", [
    recorded("possible"), recorded(on=QUOTED - timedelta(days=91)),
    recorded(on=QUOTED + timedelta(days=1)),
    recorded(on=QUOTED - timedelta(days=5), valid_until=(QUOTED - timedelta(days=1)).isoformat())])
def test_what_is_undecided_expired_or_not_yet_says_nothing(document: dict[str, Any]) -> None:
    """Neither clear nor hit: the rule still asks for evidence."""
    assert needed(quoted(screening_of(document))) == ["SANCTIONS"]


def test_it_holds_to_the_end_of_its_last_day() -> None:
    found = screening_of(recorded())
    last = QUOTED + timedelta(days=screening_rules().valid_days)
    assert found.last_day == last
    assert found.facts(last) == {HIT_FACT: False}
    assert found.facts(last + timedelta(days=1)) == {}


def test_what_was_found_does_not_run_out() -> None:
    """Nobody has cleared it: a day that passes is no clearing."""
    for result, facts in (("hit", {HIT_FACT: True}), ("possible", {})):
        found = screening_of(recorded(result))
        later = found.last_day + timedelta(days=400)
        assert found.holds(later) and found.facts(later) == facts
        assert not found.holds(QUOTED - timedelta(days=1))


@pytest.mark.parametrize(("change", "field"), [
    ({"lists": []}, "lists"), ({"lists": [" "]}, "lists"), ({"lists": ["x"] * 51}, "lists"),
    ({"result": "fine"}, "result"), ({"reference": ""}, "reference"),
    ({"screened_on": "yesterday"}, "screened_on"), ({"surprise": 1}, "surprise"),
    ({"valid_until": "2026-03-11"}, "valid_until"),
    ({"valid_until": "2027-03-12"}, "valid_until"), ({"hash": "0" * 64}, "hash")])
def test_what_is_no_screening_is_refused(
    tmp_path: Path, change: dict[str, Any], field: str
) -> None:
    path = tmp_path / "screening.json"
    path.write_text(json.dumps({**recorded(), **change}, indent=1), "utf-8")
    with pytest.raises(InputError) as caught:
        read_screening(path)
    assert caught.value.fault.field == field
    assert caught.value.fault.line is not None
    assert caught.value.fault.mend


def test_a_screening_reads_back_with_its_hash(tmp_path: Path) -> None:
    path = tmp_path / "screening.json"
    path.write_text(json.dumps(screening_of(recorded()).to_dict(), ensure_ascii=False), "utf-8")
    again = read_screening(path)
    assert again.to_dict() == screening_of(recorded()).to_dict()
