"""The chain in a version: read once, kept while it is asked for again."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import msgspec

from dinghai.supplychain.chain import Chain
from dinghai_platform.chains.models import ChainVersion

_HELD: Final = 8
"""Chains that a process keeps decoded; a version never changes."""


def chain_of_version(version: ChainVersion) -> Chain:
    """The engine's chain of a version that the caller was allowed to see."""
    return _decoded(str(version.tenant_id), str(version.pk))


@lru_cache(maxsize=_HELD)
def _decoded(tenant: str, key: str) -> Chain:
    text = ChainVersion.objects.within(tenant).values_list("document", flat=True).get(pk=key)
    return decoded(text)


def decoded(text: str) -> Chain:
    """A chain from the canonical JSON that a version or an import holds."""
    return msgspec.json.decode(text.encode(), type=Chain)


def names_of(chain: Chain, *, english: bool) -> dict[str, str]:
    """Names of firms and providers by id, in a language."""
    return {one.id: name_of(one, english=english) for one in (*chain.firms, *chain.providers)}


def name_of(party: Any, *, english: bool) -> str:
    """A firm's or provider's name in a language."""
    return party.name_en if english and party.name_en else party.name_zh
