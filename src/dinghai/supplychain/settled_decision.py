"""The settlement of a decided claim of a programme: who bears what was decided, party by party.

Everything is read from the decision: its sections as they came to the layers, what each layer
bears, and what the terms had left with each member before. Penalties are in it already.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from dinghai.foundation.canonical import JSON
from dinghai.foundation.money import Fen
from dinghai.supplychain.layer_file import layers_of
from dinghai.supplychain.settlement import OwnSection, Settlement, settle_event
from dinghai.wording.policy import read_policy


def settle_decision(
    decision: Mapping[str, JSON], *, event: str, owner: str, root_cause: str | None,
    enrolled: Mapping[str, int],
) -> Settlement:
    """Settle a decision (dinghai.decision/1) by the layers of its own policy.

    A line without an insured is the owner's; what is paid outside the layers (rescue, survey) is
    not shared and not in it. Raises InputError for a policy without layers.
    """
    agreement = msgspec.structs.replace(
        layers_of(read_policy(decision["inputs"]["policy"], file="policy")), uplift=None)
    sections = [one for line in decision["lines"] if (one := _section(line, owner)) is not None]
    return settle_event(
        agreement, sections, event=event, owner=owner, root_cause=root_cause, enrolled=enrolled,
        borne={one["id"]: one["borne_fen"] for one in decision["layers"]})


def _section(line: Mapping[str, JSON], owner: str) -> OwnSection | None:
    """A line as it came to the layers; None where it never did."""
    came: Fen | None = None
    loss: Fen = 0
    for step in line["steps"]:
        if step["rule"] == "layers":
            came = step["inputs"]["before"]
        elif step["rule"] == "section_loss":
            loss = step["outputs"]["amount"]
    if came is None:
        return None
    return OwnSection(line.get("insured") or owner, line["coverage"], came,
                      retained_fen=max(loss - came, 0))
