"""What follows a quote takes its claims history: fixes, budgets, the frontier, other tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import msgspec
import pytest

from dinghai.comparison.frontier import frontier
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import PPM, apply_ppm
from dinghai.foundation.reading import plain
from dinghai.pricing.budget import best_fixes
from dinghai.pricing.claims_history import (
    SAME_NUMBER,
    ClaimsHistory,
    PastClaim,
    history_of_claims,
    history_of_document,
    past_claims,
)
from dinghai.pricing.experience_table import (
    ExperienceTable,
    experience_table_hash,
    experience_table_of,
    load_experience_table,
)
from dinghai.pricing.quote import Pricer, Quote
from dinghai.pricing.rating import load_rating
from dinghai.pricing.referral import load_referral
from dinghai.pricing.repricing import EXPERIENCE_PART, Tables, reprice
from dinghai.pricing.treatment import treatment_plan
from tests.losses.risks import INCEPTION, PRODUCT
from tests.pricing.test_budget import offers
from tests.pricing.test_experience_rating import claims_file
from tests.pricing.test_quote import pricer

WAN = 1_000_000
FIRST, LAST = date(2021, 3, 13), date(2026, 3, 12)
CLEAN = ClaimsHistory("claims", FIRST, LAST, ())
BURNT = ClaimsHistory("claims", FIRST, LAST, (
    PastClaim("C-1", date(2024, 5, 1), 60 * WAN), PastClaim("C-2", date(2025, 6, 1), None),
    PastClaim("C-3", date(2025, 7, 1), 5 * WAN, "refused")))


def quoted(one: Pricer, history: ClaimsHistory | None, posture: dict[str, int] | None = None
           ) -> Quote:
    """A quote of a pricer whose controls are raised."""
    model = one.model.with_posture({**one.model.posture, **(posture or {})})
    return replace(one, model=model).quote(one.schedule(inception=INCEPTION), history)


def charged(quote: Quote) -> int:
    return quote.premium.charged_net - quote.premium.minimum_adjustment


@pytest.mark.parametrize("history", [CLEAN, BURNT], ids=["clean", "burnt"])
def test_a_fix_is_worth_what_two_quotes_with_the_history_differ_by(
    history: ClaimsHistory
) -> None:
    one = pricer()
    plan = treatment_plan(one, one.schedule(inception=INCEPTION), history)
    today = quoted(one, history)
    assert plan.experience is not None and today.experience is not None
    assert plan.experience.to_dict() == today.experience.to_dict()
    assert (plan.expected_loss_fen, plan.technical_net_fen, plan.charged_net_fen) == (
        today.premium.pure, today.premium.technical_net, charged(today))
    assert "GOV-05" not in {fix.indicator for fix in plan.fixes}
    for fix in plan.fixes[:12]:
        after = quoted(one, history, {fix.indicator: fix.to_ppm})
        assert fix.expected_loss_reduction_fen == today.premium.pure - after.premium.pure
        assert fix.technical_reduction_fen == (
            today.premium.technical_net - after.premium.technical_net)
        assert fix.charged_reduction_fen == charged(today) - charged(after)
    everything = next(one for one in plan.bundles if one.code == "everything")
    after = quoted(one, history, dict.fromkeys(everything.indicators, PPM))
    assert everything.charged_net_fen == charged(after)
    assert plan.path[-1].charged_net_fen == charged(after)
    assert after.experience is not None
    assert plan.path[-1].modification_ppm == after.experience.modification_ppm
    assert plan.to_dict()["experience"]["history_sha256"] == history.sha256  # type: ignore[index,call-overload]


@pytest.mark.parametrize("history", [CLEAN, BURNT], ids=["clean", "burnt"])
def test_a_better_control_costs_no_more_with_a_history_either(history: ClaimsHistory) -> None:
    one = pricer()
    plan = treatment_plan(one, one.schedule(inception=INCEPTION), history)
    assert min(fix.charged_reduction_fen for fix in plan.fixes) >= 0
    path = [plan.charged_net_fen, *(step.charged_net_fen for step in plan.path)]
    assert path == sorted(path, reverse=True)


def test_without_a_history_nothing_speaks_of_one() -> None:
    one = pricer()
    schedule = one.schedule(inception=INCEPTION)
    plan = treatment_plan(one, schedule)
    assert "experience" not in plan.to_dict()
    assert "modification_ppm" not in plan.path[0].to_dict()
    assert "GOV-05" in {fix.indicator for fix in plan.fixes}
    assert "experience" not in best_fixes(one, schedule, 30 * WAN).to_dict()
    assert {"experience", "screening"}.isdisjoint(one.quote(schedule).to_dict())


def test_the_budget_plan_runs_between_two_quotes_with_the_history() -> None:
    one = pricer()
    schedule = one.schedule(inception=INCEPTION)
    found = best_fixes(one, schedule, 30 * WAN, history=BURNT)
    today = quoted(one, BURNT)
    after = quoted(one, BURNT, {fix.indicator: fix.to_ppm for fix in found.fixes})
    assert (found.before, found.after) == (today.premium, after.premium)
    assert sum(fix.charged_reduction_fen for fix in found.fixes) == (
        charged(today) - charged(after))
    bare = best_fixes(one, schedule, 30 * WAN)
    assert found.before.pure != bare.before.pure
    assert found.to_dict()["experience"]["modification_ppm"] == (  # type: ignore[index,call-overload]
        today.premium.experience_modification_ppm)


def test_the_frontier_takes_the_history_and_the_enterprises_own_costs() -> None:
    one = pricer()
    given = {"limit_fen": 766_700_000, "deductible_fen": 5_000_000, "inception": INCEPTION,
             "mean_limit_fen": 10**12}
    plain_one = frontier(one, **given)  # type: ignore[arg-type]
    with_both = frontier(one, **given, history=BURNT,  # type: ignore[arg-type]
                         costs=offers(*[700_000] * 6))
    schedule = one.schedule(inception=INCEPTION, limit_fen=766_700_000,
                            deductible_fen=5_000_000)
    quote = one.quote(schedule, BURNT)
    assert quote.experience is not None
    first = with_both.points[0]
    assert first.charged_net_fen == charged(quote)
    assert first.expected_payout_fen == quote.premium.pure
    neutral = plain_one.points[0].expected_loss_fen
    assert first.expected_loss_fen == apply_ppm(neutral, quote.experience.modification_ppm)
    # Only six fixes have an offer: what all cost is known for as long as they come first.
    assert with_both.points[-1].spent_fen is None
    assert plain_one.points[-1].spent_fen is not None


def test_another_table_of_experience_rating_moves_only_what_has_a_history() -> None:
    one = pricer()
    schedule = one.schedule(inception=INCEPTION)
    rating, rules, table = load_rating(PRODUCT), load_referral(), load_experience_table()
    generous = other_table(("no_claims", "steps", 3, "credit_ppm"), 200_000)
    before, after = Tables(rating, rules, table), Tables(rating, rules, generous)
    bare = reprice(one, schedule, before, after)
    assert (bare.change_fen, bare.steps) == (0, ())
    moved = reprice(one, schedule, before, after, CLEAN)
    assert moved.before.premium == one.quote(schedule, CLEAN).premium
    assert moved.after.premium == replace(one, experience=generous).quote(
        schedule, CLEAN).premium
    assert moved.change_fen < 0
    assert moved.steps == ((EXPERIENCE_PART, moved.change_fen),)
    dearer = Tables(msgspec.structs.replace(rating, market=msgspec.structs.replace(
        rating.market, factor_ppm=rating.market.factor_ppm + 100_000)), rules, generous)
    both = reprice(one, schedule, before, dearer, CLEAN)
    assert [part for part, _fen in both.steps] == ["market", EXPERIENCE_PART]
    assert sum(fen for _part, fen in both.steps) == both.change_fen


def other_table(path: tuple[str | int, ...], value: int) -> ExperienceTable:
    """The shipped table with one other figure."""
    document = plain(load_experience_table())
    here = document
    for name in path[:-1]:
        here = here[name]  # type: ignore[index,assignment,call-overload]
    here[path[-1]] = value  # type: ignore[index]
    return experience_table_of(document)


def test_a_table_reads_back_from_its_document_and_is_named_by_its_hash() -> None:
    table = load_experience_table()
    assert experience_table_of(plain(table)) == table
    other = other_table(("window", "years"), 3)
    assert experience_table_hash(other) != experience_table_hash(table)
    quote = pricer().quote(pricer().schedule(inception=INCEPTION), CLEAN)
    assert quote.to_dict()["experience"]["table"]["sha256"] == (  # type: ignore[index,call-overload]
        experience_table_hash(table))
    with pytest.raises(InputError) as caught:
        other_table(("split", "cap_fen"), 1)
    assert caught.value.fault.field == "split.cap_fen"


@pytest.mark.parametrize(("place", "value", "field"), [
    (("credibility", "source"), " ", "credibility.source"),
    (("bounds", "confidence"), "Z", "bounds.confidence"),
    (("history", "indicator"), "XXX-99", "history.indicator"),
    (("version",), "", "version"), (("surprise",), 1, "surprise")])
def test_a_table_that_says_nothing_sensible_is_refused(
    place: tuple[str, ...], value: object, field: str
) -> None:
    with pytest.raises(InputError) as caught:
        other_table(place, value)  # type: ignore[arg-type]
    assert field in [fault.field for fault in caught.value.faults]


def test_a_history_reads_back_from_its_document() -> None:
    document = BURNT.to_dict()
    assert document["schema"] == "dinghai.claims-history/1"
    assert history_of_document(document) == BURNT
    assert history_of_document(CLEAN.to_dict()) == CLEAN
    assert CLEAN.sha256 != ClaimsHistory("case", FIRST, LAST, ()).sha256
    with pytest.raises(InputError, match="was changed"):
        history_of_document({**document, "last": "2026-03-11"})
    with pytest.raises(InputError):
        history_of_document({**document, "claims": [{"reference": "A"}]})


def test_the_same_number_counts_once(tmp_path: Path) -> None:
    first = claims_file(tmp_path, "A-1,2024-01-01,,5万,closed,").rows
    second = claims_file(tmp_path, "a 1,2024-01-01,,9万,closed,",
                         "B,2024-02-01,,1万,closed,").rows
    found = past_claims([*first, *second], first=FIRST, last=LAST)
    assert [(one.loss_fen, one.reason) for one in found] == [
        (5 * WAN, ""), (9 * WAN, SAME_NUMBER), (1 * WAN, "")]


def test_faults_of_another_insureds_row_do_not_stop(tmp_path: Path) -> None:
    found = history_of_claims(claims_file(
        tmp_path, "A,2024-01-01,E1,5万,,", "B,soon,E2,5万,,"), first=FIRST, last=LAST,
        keys=("E1",))
    assert [one.reference for one in found.claims] == ["A"]
    with pytest.raises(InputError) as caught:
        history_of_claims(claims_file(
            tmp_path, "A,2024-01-01,E1,5万,,", "B,soon,E2,5万,,"), first=FIRST, last=LAST,
            keys=("E2",))
    assert caught.value.fault.line == 3
