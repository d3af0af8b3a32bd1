"""What the parties of a model are: their kind and their names, in Chinese and English."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dinghai.supplychain.chain_model import ChainModel

PartyKind = Literal["firm", "provider", "common_vulnerability"]


@dataclass(frozen=True, slots=True)
class PartyName:
    """A party's kind and names."""

    kind: PartyKind
    name_zh: str
    name_en: str


def party_names(model: ChainModel) -> dict[str, PartyName]:
    """By party of the model: firms, providers, and products with common vulnerabilities."""
    chain = model.chain
    found = {one.id: PartyName("common_vulnerability", one.name_zh, one.name_en)
             for one in model.products}
    found.update((one.id, PartyName("firm", one.name_zh, one.name_en)) for one in chain.firms)
    found.update((one.id, PartyName("provider", one.name_zh, one.name_en))
                 for one in chain.providers)
    return found
