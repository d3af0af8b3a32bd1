"""Three-valued truth, hash chains, Merkle proofs, canonical hashes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinghai.foundation.canonical import canonical_bytes, document_hash
from dinghai.foundation.chain import (
    GENESIS,
    first_broken_link,
    link_hash,
    merkle_proof,
    merkle_root,
    proves,
)
from dinghai.foundation.truth import Truth, every, some


def test_kleene_logic() -> None:
    unknown, true, false = Truth.UNKNOWN, Truth.TRUE, Truth.FALSE
    assert every([true, unknown]) is unknown
    assert every([false, unknown]) is false
    assert some([true, unknown]) is true
    assert some([false, unknown]) is unknown
    assert unknown.negated() is unknown
    assert every([]) is true
    assert some([]) is false
    assert [Truth.of(one) for one in (True, False, None)] == [true, false, unknown]


def test_a_truth_is_no_boolean() -> None:
    with pytest.raises(TypeError, match="three values"):
        bool(Truth.UNKNOWN)


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=40), st.data())
def test_every_leaf_proves_itself_and_no_other(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    root, proof = merkle_root(leaves), merkle_proof(leaves, index)
    assert proves(leaves[index], proof, root)
    assert not proves(leaves[index] + b"!", proof, root)


def test_a_leaf_is_not_a_node() -> None:
    assert merkle_root([b"a", b"b"]) != merkle_root([b"ab"])
    assert merkle_root([]) != merkle_root([b""])


def _links(payloads: list[bytes]) -> list[tuple[str, bytes, str]]:
    links, previous = [], GENESIS
    for payload in payloads:
        own = link_hash(previous, payload)
        links.append((previous, payload, own))
        previous = own
    return links


def test_a_chain_names_its_first_broken_link() -> None:
    links = _links([b"one", b"two", b"three"])
    assert first_broken_link(links) is None
    changed = [links[0], (links[1][0], b"TWO", links[1][2]), links[2]]
    broken = first_broken_link(changed)
    assert broken is not None
    assert broken.position == 2
    cut = first_broken_link([links[0], links[2]])
    assert cut is not None
    assert (cut.position, cut.reason) == (2, "does not follow the link before it")


def test_a_hash_does_not_depend_on_the_order_of_keys() -> None:
    assert document_hash({"b": 1, "a": [True, None], "hash": "x"}) == (
        document_hash({"a": [True, None], "b": 1}))
    assert canonical_bytes({"数": 1}) == '{"数":1}'.encode()
