"""Who bears a claim: the layers of the tower and each party's share, to the fen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dinghai.foundation.canonical import JSON
from dinghai.wording.layers import Layer, Participation
from dinghai.wording.policy import Policy
from dinghai.wording.words import PartyRole

KINDS: Final[dict[PartyRole, str]] = {
    "lead_insurer": "insurance", "following_insurer": "insurance", "captive": "insurance",
    "chain_owner": "contribution", "supplier": "contribution", "insured": "retained",
}
"""Only insurers insure (保险法6条): what a chain owner or a supplier bears of another's loss is a
commercial contribution (DECISIONS 15)."""


def kind_of(one: Participation) -> str:
    """What a participant's share is in law."""
    return "retained" if one.retained else KINDS[one.role]


def layer_shares(policy: Policy, outputs: Mapping[str, int]) -> list[dict[str, JSON]]:
    """Every layer of the policy with what it bears and its participants' shares."""
    return [_layer(one, outputs) for one in policy.schedule.layers
            if f"layer.{one.id}" in outputs]


def contributions(layers: list[dict[str, JSON]]) -> int:
    """What chain owners and suppliers bear of all layers by their own agreement."""
    return sum(share["fen"] for layer in layers for share in layer["shares"]
               if share["kind"] == "contribution")


def _layer(layer: Layer, outputs: Mapping[str, int]) -> dict[str, JSON]:
    shares: list[JSON] = [
        {"party": one.party, "role": one.role, "kind": kind_of(one),
         "share_ppm": one.share_ppm, "fen": outputs[f"share.{layer.id}.{one.party}"]}
        for one in layer.participants]
    borne = outputs[f"layer.{layer.id}"]
    out: dict[str, JSON] = {
        "id": layer.id, "attachment_fen": layer.attachment_fen, "limit_fen": layer.limit_fen,
        "borne_fen": borne, "shares": shares,
    }
    if layer.participants:
        out["unplaced_fen"] = borne - sum(outputs[f"share.{layer.id}.{one.party}"]
                                          for one in layer.participants)
    if layer.reinstatements:
        out["reinstated_fen"] = outputs[f"reinstated.{layer.id}"]
        out["reinstatement_premium_fen"] = outputs[f"reinstatement_premium.{layer.id}"]
    return out


def aggregate_reinstatement(outputs: Mapping[str, int]) -> dict[str, JSON]:
    """What the aggregate limit gets back after this claim, and its premium; empty where nothing."""
    if not outputs.get("reinstated.aggregate"):
        return {}
    return {"reinstated_fen": outputs["reinstated.aggregate"],
            "premium_fen": outputs["reinstatement_premium.aggregate"]}
