"""The synthetic panel, scores of many firms at once, ranks, and what the validation says."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dinghai.assessment.answers import Answer
from dinghai.assessment.assess import assess
from dinghai.evidence.feeds import shipped_kev
from dinghai.foundation.errors import InputError
from dinghai.foundation.streams import normals, uniforms
from dinghai.schemes.small_firm_dossier import Probe, dossier_of
from dinghai.schemes.small_firm_panel import Structure, draw_panel, panel_table, reported
from dinghai.schemes.small_firm_plans import shipped_plans
from dinghai.schemes.small_firm_scores import NO_SCORE, doubled_ranks, rank_correlation, totals
from dinghai.schemes.small_firm_validation import validate
from dinghai.vocabulary.indicators import indicators, light_indicators
from tests.schemes.small_firms import ON, firm

TABLE = panel_table()


def test_totals_are_the_assessments_own() -> None:
    """Firms of the panel through ``assess`` one by one, light and full, to the last digit."""
    panel = draw_panel(TABLE, 25, 7)
    said = reported(panel, TABLE.respondent, 7)
    light = totals(said, light_indicators(), verified=False)
    full = totals(panel.levels, indicators(), verified=False)
    base, plan, kev = firm(), shipped_plans().plan("plus"), shipped_kev(ON)
    for number in range(25):
        for levels, found, is_light in ((said, light, True), (panel.levels, full, False)):
            answers = {code: Answer(code, None if level < 0 else level, "x", ON, "", "")
                       for code, level in zip(indicators(), levels[number].tolist(), strict=True)}
            dossier = dossier_of(base, plan, Probe("no_scan"))
            given = type(dossier)(dossier.profile, answers, ())
            assert assess(given, kev=kev, on=ON, light=is_light).total_ppm == found[number]


def test_verified_scores_by_hand() -> None:
    """All at 4 is full marks, all at 1 a quarter; nothing known is no score."""
    levels = np.array([[4] * 46, [1] * 46, [-1] * 46], dtype=np.int8)
    assert totals(levels, indicators(), verified=True).tolist() == [1_000_000, 250_000, NO_SCORE]
    assert totals(levels, indicators(), verified=False).tolist() == [750_000, 250_000, NO_SCORE]


def test_ranks_by_hand() -> None:
    """10, 20, 20, 5: places 2, 3 and 4 shared (3.5 each), 1; twice each."""
    assert doubled_ranks(np.array([10, 20, 20, 5])).tolist() == [4, 7, 7, 2]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=4, max_size=60))
def test_the_correlation_is_scipys(pairs: list[tuple[int, int]]) -> None:
    first, second = (np.array(one) for one in zip(*pairs, strict=True))
    found = rank_correlation(first, second)
    if len(set(first)) == 1 or len(set(second)) == 1:
        assert found.ppm is None
        return
    expected = stats.spearmanr(first, second).statistic
    assert found.ppm is not None
    assert abs(found.ppm / 1e6 - expected) < 1e-6
    assert found.low_ppm <= found.ppm <= found.high_ppm  # type: ignore[operator]
    order = np.random.default_rng(1).permutation(len(first))
    assert rank_correlation(first[order], second[order]) == found


def test_a_larger_panel_begins_with_the_smaller_one() -> None:
    small, large = draw_panel(TABLE, 120, 3), draw_panel(TABLE, 300, 3)
    assert (large.levels[:120] == small.levels).all()
    assert (large.sectors[:120] == small.sectors).all()
    assert (draw_panel(TABLE, 120, 4).levels != small.levels).any()


def test_the_panel_has_the_structure_that_is_assumed() -> None:
    """Two questions of one domain share 0.6 + 0.2 of their spread, of two domains 0.6: rank
    correlations follow (6/π·asin(ρ/2)), flattened a little by five levels."""
    levels = draw_panel(TABLE, 4_000, 5, Structure(600_000, 200_000)).levels
    codes = list(indicators())
    within = stats.spearmanr(levels[:, codes.index("IAM-01")], levels[:, codes.index("IAM-04")])
    across = stats.spearmanr(levels[:, codes.index("IAM-01")], levels[:, codes.index("DET-03")])
    assert 0.70 < within.statistic < 0.84
    assert 0.50 < across.statistic < 0.66
    apart = draw_panel(msgspec.structs.replace(
        TABLE, sizes=TABLE.sizes[1:2], sectors=TABLE.sectors[3:4]), 4_000, 5, Structure(0, 0))
    none = stats.spearmanr(apart.levels[:, 0], apart.levels[:, 30])
    assert abs(none.statistic) < 0.05


def test_normals_are_quantiles_of_their_uniforms() -> None:
    assert np.allclose(normals(1, "x", 50, 3), stats.norm.ppf(uniforms(1, "x", 50, 3)), atol=1e-12)


def test_respondents_say_three_words_of_28_questions() -> None:
    panel = draw_panel(TABLE, 500, 2)
    said = reported(panel, TABLE.respondent, 2)
    light = [code in light_indicators() for code in indicators()]
    assert set(np.unique(said)) == {-1, 0, 2, 4}
    assert (said[:, ~np.array(light)] == -1).all()
    honest = msgspec.structs.replace(TABLE.respondent, overstated_ppm=0, understated_ppm=0,
                                     unknown_ppm=0, optimists_ppm=0)
    plain = reported(panel, honest, 2)[:, light]
    assert (plain == np.where(panel.levels[:, light] >= 3, 4, np.where(
        panel.levels[:, light] > 0, 2, 0))).all()


def test_the_target_is_met_and_the_weak_readings_are_said() -> None:
    found = validate(TABLE)
    assert found.meets_target
    assert found.headline.low_ppm >= 800_000  # type: ignore[operator]
    by_case = {(one.group, one.case): one.found.ppm or 0 for one in found.readings}
    unknown = [by_case["unknown_ppm", str(one)] for one in TABLE.moved.unknown_ppm]
    optimists = [by_case["optimists_ppm", str(one)] for one in TABLE.moved.optimists_ppm]
    shared = [by_case["general_and_domain_ppm", f"{a}+{b}"]
              for a, b in TABLE.moved.structures_ppm]
    for falling in (unknown, optimists, shared):
        assert falling == sorted(falling, reverse=True)
    assert by_case["answers", "light_reported_full_verified"] == found.headline.ppm
    assert "general_and_domain_ppm:0+0" in found.to_dict()["weaker"]
    grades = found.grades
    assert grades.same_ppm + grades.light_better_ppm + grades.light_worse_ppm in range(
        999_999, 1_000_002)
    assert validate(TABLE).to_dict() == found.to_dict()


def test_a_panel_of_too_few_is_refused() -> None:
    with pytest.raises(InputError, match="no panel"):
        validate(TABLE, firms=99)
