"""A model that follows a change is the model made anew, to the bit."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from dinghai.supplychain.chain import Chain, ControlScore
from dinghai.supplychain.chain_file import read_chain
from dinghai.supplychain.chain_model import ChainModel, chain_model
from dinghai.supplychain.chain_update import changed_firms, updated_model
from dinghai.supplychain.strikes import field_of

ENERGY = Path(__file__).parents[2] / "examples" / "energy"


@pytest.fixture(scope="module")
def model() -> ChainModel:
    return chain_model(read_chain(ENERGY))


def same(one: ChainModel, other: ChainModel) -> bool:
    pairs = [(field_of(one.twin, one.outcomes), field_of(other.twin, other.outcomes)),
             (one.terms, other.terms), (one.supply.goods, other.supply.goods),
             ((one.rates, one.outside, one.twin.chance), (other.rates, other.outside,
                                                          other.twin.chance))]
    assert one.twin.names == other.twin.names
    return one.estimates == other.estimates and all(np.array_equal(a, b) for left, right in pairs
               for a, b in zip(left, right, strict=True))


def better(chain: Chain) -> Chain:
    scores = tuple(ControlScore(firm="coal-1", indicator=code, score_ppm=1_000_000)
                   for code in ("IAM-01", "EPP-01", "BCR-01"))
    kept = tuple(one for one in chain.controls if (one.firm, one.indicator) not in {
        (new.firm, new.indicator) for new in scores})
    return msgspec.structs.replace(chain, controls=(*kept, *scores))


def test_a_change_of_scores_assets_size_and_links_is_followed(model: ChainModel) -> None:
    chain = model.chain
    bigger = msgspec.structs.replace(chain, firms=tuple(
        msgspec.structs.replace(one, revenue_fen=one.revenue_fen * 3, headcount=None)
        if one.id == "pipes" else one for one in chain.firms))
    cases = {
        "scores": (better(chain), ("coal-1",)),
        "size": (bigger, ("pipes",)),
        "links": (msgspec.structs.replace(chain, links=chain.links[1:]),
                  {chain.links[0].source, chain.links[0].target} & set(chain.firm)),
        "nothing": (chain, ()),
    }
    for after, firms in cases.values():
        assert set(changed_firms(chain, after)) == set(firms)
        updated = updated_model(model, after)
        assert same(updated, chain_model(after))
        assert same(updated, model) == (after is chain)


def test_other_parties_or_terms_make_it_anew(model: ChainModel) -> None:
    chain = model.chain
    richer = msgspec.structs.replace(chain, programme=msgspec.structs.replace(
        chain.programme, aggregate_fen=7_000_000_000))
    assert same(updated_model(model, richer), chain_model(richer))
    assert not same(updated_model(model, richer), model)
