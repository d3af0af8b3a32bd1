"""Patches of a chain: which row they mean, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest

from dinghai.foundation.errors import InputError
from dinghai.supplychain.chain import Chain
from dinghai.supplychain.chain_file import read_chain
from dinghai.supplychain.chain_patch import patched
from tests.supplychain.chains import FILES, write_files

PAIR = {"from": "sup", "to": "own"}


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    """The small chain, whose supplier delivers two items to the owner."""
    two = FILES["goods.csv"] + "sup,own,20%,1d,0,电机\n"
    return read_chain(write_files(tmp_path_factory.mktemp("chain"), goods=two))


def stocks(chain: Chain) -> dict[tuple[str, str], int | None]:
    return {(one.source, one.item): one.stock_seconds for one in chain.goods}


def test_a_delivery_is_known_by_its_item(chain: Chain) -> None:
    """The other delivery between the same two firms stays as it is."""
    found = patched(chain, {"goods": [{**PAIR, "item": "压缩机", "stock_seconds": 0}]})
    assert stocks(found) == {("sup", "压缩机"): 0, ("sup", "电机"): 86_400, ("sub", "铜"): 5_400}
    gone = patched(chain, {"remove": {"goods": [["sup", "own", "电机"]]}})
    assert set(stocks(gone)) == {("sup", "压缩机"), ("sub", "铜")}


def test_the_only_delivery_needs_no_item(chain: Chain) -> None:
    found = patched(chain, {"goods": [{"from": "sub", "to": "sup", "stock_seconds": 60}]})
    assert stocks(found)["sub", "铜"] == 60


@pytest.mark.parametrize(("patch", "field"), [
    ({"goods": [{**PAIR, "stock_seconds": 0}]}, "goods[0]"),
    ({"remove": {"goods": [["sup", "own"]]}}, "remove.goods[0]"),
    ({"remove": []}, "remove"), ({"remove": {"goods": 5}}, "remove.goods"),
    ({"remove": {"goods": "sup"}}, "remove.goods"), ({"remove": {"x": []}}, "remove.x"),
    ({"goods": [{"from": "sub", "to": "sup", "share_ppm": -5}]}, "goods[0].share_ppm")])
def test_what_a_patch_does_not_make_plain_is_refused(
    chain: Chain, patch: dict[str, Any], field: str
) -> None:
    with pytest.raises(InputError) as caught:
        patched(chain, patch)
    assert caught.value.fault.field == field
    assert caught.value.fault.mend
