"""Layers and shares as a file: both forms, units as people write them, faults with their line."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from dinghai.documents.booklet_layers import participants_words
from dinghai.documents.phrases import Language
from dinghai.documents.reader import Reader
from dinghai.foundation.errors import InputError
from dinghai.foundation.reading import plain
from dinghai.supplychain.chain_file import read_chain
from dinghai.supplychain.cover import programme_policy
from dinghai.supplychain.layer_file import (
    SCHEMA,
    Uplift,
    check_parties,
    layers_from,
    layers_of,
    read_layers,
)
from dinghai.wording.products import load_product
from dinghai.wording.saying import participants_words as product_words
from dinghai.wording.saying import word
from tests.supplychain.twins import chain

HAIYUE = Path(__file__).parents[2] / "examples" / "haiyue"
TEXT = """schema = "dinghai.chain-layers/1"
id = "one"
name_zh = "三方"
premium = "120万"

[[layers]]
id = "first"
name_zh = "首层"
name_en = "First"
attachment = 0
limit = "300万"
participants = [
  { party = "链主", role = "chain_owner", share = "20%" },
  { party = "s1", role = "supplier", share = "10%" },
  { party = "保险人", role = "lead_insurer", share = 0.7 },
]
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "layers.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_file_reads_in_units_of_people_and_writes_as_json_that_reads_the_same(
    tmp_path: Path,
) -> None:
    found = read_layers(write(tmp_path, TEXT))
    assert found.premium_fen == 120_000_000
    assert (found.layers[0].limit_fen, found.layers[0].basis) == (300_000_000, "each_event")
    assert [one.share_ppm for one in found.layers[0].participants] == [200_000, 100_000, 700_000]
    assert found.uplift == Uplift()
    again = tmp_path / "layers.json"
    again.write_text(json.dumps(plain(found)), "utf-8")
    assert read_layers(again) == found


@pytest.mark.parametrize(("before", "after", "line", "field", "message"), [
    ('limit = "300万"', 'limit = "viel"', 11, "layers[0].limit", "not an amount"),
    ('limit = "300万"', "limit = 0", 11, "layers[0].limit", "has no limit"),
    ('share = "20%"', 'share = "40%"', 12, "layers[0].participants", "add up to 1200000"),
    ('party = "链主"', 'party = "s1"', 14, "layers[0].participants[1].party", "stands twice"),
    ('role = "chain_owner"', 'role = "boss"', 13, "layers[0].participants[0].role", "enum"),
    ('role = "chain_owner"', 'role = "chain_owner", bearer = "enrolled"', 13,
     "layers[0].participants[0].bearer", "no supplier"),
    ('premium = "120万"', 'premium = "120万"\npremium_fen = 1', 4, "premium", "are the same"),
    ("attachment = 0", "attachment = 0\nlimit_ppm = 5", 11, "layers[0].limit_ppm", "aggregate"),
    ("attachment = 0", "attachment = true", 10, "layers[0].attachment", "not a number"),
])
def test_faults_name_line_field_and_mend(
    tmp_path: Path, before: str, after: str, line: int, field: str, message: str
) -> None:
    assert before in TEXT
    with pytest.raises(InputError) as caught:
        read_layers(write(tmp_path, TEXT.replace(before, after)))
    fault = next(one for one in caught.value.faults if one.field == field)
    assert message in fault.message
    assert fault.line == line
    assert fault.mend


def test_layers_that_overlap_stand_twice_or_that_nobody_bears_are_faults() -> None:
    layer = {"id": "a", "name_zh": "层", "name_en": "layer", "limit": "100"}
    with pytest.raises(InputError) as caught:
        layers_from({"schema": SCHEMA, "id": "x", "name_zh": "x", "level_ppm": 1,
                     "layers": [layer, layer]})
    found = " / ".join(one.message for one in caught.value.faults)
    for words in ("stands twice", "attaches below", "nobody bears", "the tail begins"):
        assert words in found
    with pytest.raises(InputError, match="no layer"):
        layers_from({"schema": SCHEMA, "id": "x", "name_zh": "x", "layers": []})


def test_a_supplier_by_name_is_a_firm_of_the_chain(tmp_path: Path) -> None:
    found = read_layers(write(tmp_path, TEXT))
    check_parties(found, chain(2, []))
    with pytest.raises(InputError) as caught:
        check_parties(found, chain(1, []))
    assert caught.value.fault.field == "layers[0].participants[1].party"


def test_the_wordings_own_layers_and_uplift_serve_where_there_is_no_file() -> None:
    policy = programme_policy(read_chain(HAIYUE))
    found = layers_of(policy, premium_fen=5)
    assert [one.id for one in found.layers] == ["three-party", "excess"]
    assert found.layers[0].participants[1].bearer == "root_cause"
    assert found.layers[1].attachment_fen == found.layers[0].limit_fen == 8_000_000_000
    assert found.uplift is not None
    assert (found.uplift.mode, found.uplift.rate_ppm) == ("points", 100_000)
    assert found.uplift.coverages == ("SC-PROP",)
    bare = msgspec.structs.replace(policy, schedule=msgspec.structs.replace(
        policy.schedule, layers=()))
    with pytest.raises(InputError, match="has no layers"):
        layers_of(bare)


def test_a_chains_folder_may_hold_its_layers() -> None:
    assert read_chain(HAIYUE).id == "haiyue"
    assert len(read_layers(HAIYUE / "layers.toml").layers) == 3


@pytest.mark.parametrize(("language", "words"), [
    ("zh", "由事故根因所在企业承担"), ("en", "borne by the firm where the root cause lies")])
def test_the_booklet_and_the_wording_say_which_firm_bears(language: Language, words: str) -> None:
    product = load_product("supply-chain-programme")
    reader = Reader(product, None, language)
    shown = dict(participants_words(product.layers[0], reader))
    assert any(words in one for one in shown.values())
    said = product_words(product.layers[0].participants, language)
    assert word("bearer", "root_cause", language) in said
