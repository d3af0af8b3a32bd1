"""The pages on supply chains name every field, and the how-to does what it says."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from dinghai.cli.main import main
from dinghai.supplychain.chain import Programme
from dinghai.supplychain.chain_file import read_chain
from dinghai.supplychain.chain_tables import PRODUCTS, TABLES
from dinghai.supplychain.supplier_columns import supplier_columns
from tools.rooms import ROOT

REFERENCE = (ROOT / "docs/reference/chain-files.md").read_text("utf-8")
HOW_TO = (ROOT / "docs/how-to/import-a-supply-chain.md").read_text("utf-8")


def test_the_reference_names_every_table_field_and_word() -> None:
    named = set(re.findall(r"`([^`\s]+)`", REFERENCE))
    for table, kind in TABLES.items():
        assert f"{table}.csv" in REFERENCE
        for field in msgspec.structs.fields(kind):
            assert field.encode_name in named, f"{table}: {field.encode_name}"
            info = msgspec.inspect.type_info(field.type)
            options = info.types if isinstance(info, msgspec.inspect.UnionType) else (info,)
            words = [word for one in options if isinstance(one, msgspec.inspect.LiteralType)
                     for word in one.values]
            assert set(words) <= named, f"{table}.{field.encode_name}: {words}"
    assert f"{PRODUCTS}.csv" in REFERENCE
    for field in msgspec.structs.fields(Programme):
        assert field.name.removesuffix("_fen") in named
    for column in supplier_columns().columns:
        assert column.id in named or not column.kept


def test_the_how_to_is_followed_from_an_empty_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    blocks = re.findall(r"```\n(.*?)```", HOW_TO, re.DOTALL)
    commands = [line.split()[1:] for block in blocks for line in block.splitlines()]
    assert len(commands) == 8
    for command in commands:
        assert main(command) == 0, (command, capsys.readouterr())
    said = capsys.readouterr().out
    assert "nothing is written" in said and "shared providers:" in said
    chain = read_chain(tmp_path / "mychain")
    assert len(chain.firms) == 71 and chain.weaknesses
    assert (tmp_path / "goods.graphml").is_file()
