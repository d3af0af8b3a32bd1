"""Attack paths: they add up to the simulation, and occur as often as enumeration says."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from dinghai.supplychain import attack_paths as counting
from dinghai.supplychain.attack_paths import AttackPaths, attack_paths, count_paths
from dinghai.supplychain.language import shipped_language
from dinghai.supplychain.strikes import Field, field_of
from dinghai.supplychain.twin import Twin
from dinghai.supplychain.years import Events, draw_events, run_years
from tests.supplychain.test_twin import NEVER, no_goods, nothing_paid, one_yuan
from tests.supplychain.twins import chain, twin

LINE = [("s1", "o", "remote_access"), ("s2", "s1", "remote_access")]


def ready(one: Twin, *, years: int = 20_000, seed: int = 1) -> tuple[Field, Events]:
    aims = np.zeros((one.parties, 6))
    aims[:, 0] = 1.0
    return field_of(one, one_yuan(one.parties)), draw_events(aims, years=years, seed=seed)


def paths(one: Twin, field: Field, events: Events, **given: object) -> AttackPaths:
    return attack_paths(one, field, events, shipped_language(), chain="test",
                        **given)  # type: ignore[arg-type]


def test_all_paths_together_are_all_strikes_and_losses() -> None:
    one = twin(chain(4, [*LINE, ("s3", "s2", "email_trust"), ("s3", "o", "email_trust"),
                         ("p1", "s3", "shared_provider")], providers=1))
    field, events = ready(one, years=4000)
    years = run_years(field, events, no_goods(one.parties), nothing_paid(one.parties))
    counts = count_paths(field, events)
    for found in (counts.by_party, counts.by_step):
        assert found.strikes.sum() == years.struck.sum() == counts.strikes
        assert found.loss.sum() == years.loss.sum() == counts.loss
    for party in range(4):
        assert count_paths(field, events, to=party).strikes == years.struck[party]
    alone = counts.by_party.strikes[counts.by_party.links == 0].sum()
    assert counts.along == counts.strikes - alone


def test_a_path_occurs_as_often_as_its_steps_succeed() -> None:
    one = twin(chain(3, LINE), containment_mu=NEVER, entry=0.6, impact=0.7)
    field, events = ready(one)
    found = paths(one, field, events)
    crossing = float(one.links.chance[0])
    expected = {("o",): 0.6 * 0.7, ("s1", "o"): 0.6 * crossing * 0.6 * 0.7,
                ("s2", "s1", "o"): 0.6 * crossing * 0.6 * crossing * 0.6 * 0.7}
    starts = np.bincount(
        [int(one) for one in run_years(field, events, no_goods(3), nothing_paid(3)).starts])
    assert starts.sum() == 3
    years = run_years(field, events, no_goods(3), nothing_paid(3))
    by_parties = {path.parties: path for path in (*found.parties.by_frequency,)}
    for parties, chance in expected.items():
        begun = int(years.starts[one.names.index(parties[0])])
        assert stats.binomtest(by_parties[parties].strikes, begun, chance).pvalue > 1e-3


def test_steps_have_names_links_and_times_in_order() -> None:
    one = twin(chain(3, LINE))
    field, events = ready(one)
    found = paths(one, field, events).steps_along_links
    assert found.by_frequency
    for path in found.by_frequency:
        assert path.steps[0].median_seconds == 0
        times = [step.median_seconds for step in path.steps]
        assert times == sorted(times)
        assert times[-1] == path.median_seconds
        assert path.steps[-1].code == "encrypt"
        assert tuple(dict.fromkeys(step.party for step in path.steps)) == path.parties
        assert len(path.parties) > 1
    assert list(found.by_frequency) == sorted(found.by_frequency, key=lambda one: -one.strikes)
    assert list(found.by_loss) == sorted(found.by_loss, key=lambda one: -one.loss_fen)


def test_an_and_step_is_reached_by_the_last_that_it_waits_for() -> None:
    one = twin(chain(1, []))
    field, events = ready(one)
    found = paths(one, field, events).steps
    by_code = {path.steps[-3].code: path for path in found.by_frequency}
    assert set(by_code) == {"credentials", "tools"}
    assert sum(path.strikes for path in found.by_frequency) == paths(one, field, events).strikes
    ratio = by_code["tools"].strikes / by_code["credentials"].strikes
    assert ratio == pytest.approx(1.0, abs=0.1)


def test_the_same_on_any_number_of_cores() -> None:
    one = twin(chain(3, LINE))
    field, events = ready(one, years=3000)
    assert paths(one, field, events, workers=1) == paths(one, field, events, workers=2)


def test_a_full_table_says_what_it_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    one = twin(chain(3, LINE))
    field, events = ready(one, years=3000)
    whole = paths(one, field, events)
    monkeypatch.setattr(counting, "CAPACITY", 2)
    part = paths(one, field, events)
    assert whole.counted_ppm == 1_000_000 > part.counted_ppm > 0
    assert part.strikes == whole.strikes
    assert part.steps.distinct < whole.steps.distinct


def test_only_paths_to_one_firm() -> None:
    one = twin(chain(3, LINE))
    field, events = ready(one, years=3000)
    found = paths(one, field, events, to="o")
    assert {path.parties[-1] for path in found.parties.by_frequency} == {"o"}
    assert found.to == "o"
