"""Shares of a chain's risk as a document (schema dinghai.chain-shares/1). Amounts in fen."""

from __future__ import annotations

from typing import Final

from dinghai.claims.layering import kind_of
from dinghai.foundation.canonical import JSON
from dinghai.foundation.money import PPM
from dinghai.supplychain.layer_file import INSURERS
from dinghai.supplychain.sharing import ChainShares, LayerShares, Spread

SHARES_SCHEMA: Final = "dinghai.chain-shares/1"


def shares_document(found: ChainShares) -> dict[str, JSON]:
    """Plain JSON. What firms bear and cause adds up to the layers, and these to what is presented
    less what no layer reaches."""
    return {
        "schema": SHARES_SCHEMA, "chain": found.model.chain.id, "agreement": found.agreement.id,
        "years": found.years, "seed": found.seed, "level_ppm": found.agreement.level_ppm,
        "presented": _spread(found.presented), "above_layers": _spread(found.above),
        "layers": [_layer(one, found) for one in found.layers],
        "programme_premium": {
            "basis": found.programme.basis, "net_fen": found.programme.net_fen,
            "technical_fen": found.programme.technical_fen, "pure_fen": found.programme.pure_fen,
            "parameter_fen": found.programme.parameter_fen, "risk_fen": found.programme.risk_fen},
        "parties": [_party(place, found) for place in range(len(found.places.names))],
        "groups": [
            {"group": name, "shapley_fen": found.group_shapley.fen[place],
             "co_tail_fen": sum(fen for fen, group in zip(
                 found.co_tail, found.places.group, strict=True) if group == name)}
            for place, name in enumerate(found.groups)],
        "flows": [{"bearer": bearer, "cause": cause, "fen": fen}
                  for (bearer, cause), fen in found.flows.items()],
        "shapley_orders": found.shapley.orders,
    }


def _spread(one: Spread) -> dict[str, JSON]:
    return {"mean_fen": one.mean_fen, "se_fen": one.error_fen, "sd_fen": one.deviation_fen,
            "tail_fen": one.tail_fen, "years_with_any_ppm": one.years_ppm}


def _layer(one: LayerShares, found: ChainShares) -> dict[str, JSON]:
    layer = one.layer
    kept = PPM - sum(each.share_ppm for each in layer.participants if each.role in INSURERS)
    return {
        "id": layer.id, "name_zh": layer.name_zh, "name_en": layer.name_en,
        "attachment_fen": layer.attachment_fen, "limit_fen": layer.limit_fen,
        "basis": layer.basis, **_spread(one.year),
        "participants": [
            {"party": each.party, "role": each.role, "bearer": each.bearer,
             "kind": kind_of(each), "share_ppm": each.share_ppm} for each in layer.participants],
        "insurers": [{"party": party, "fen": fen} for party, fen in one.insurers.items()],
        "firms_fen": sum(each.declared_fen for each in one.burdens),
        "proposal": {"insurers_ppm": PPM - kept, "owner_ppm": one.fair_owner_ppm,
                     "others_ppm": one.fair_others_ppm},
    }


def _party(place: int, found: ChainShares) -> dict[str, JSON]:
    places = found.places
    own, exported, inherited = (int(row[place]) for row in found.ground)
    out: dict[str, JSON] = {
        "id": places.names[place], "group": places.group[place],
        "ground_own_fen": round(own / found.years),
        "ground_exported_fen": round(exported / found.years),
        "ground_inherited_fen": round(inherited / found.years),
        "presented_by_its_events_se_fen": round(found.error[place]),
        "co_tail_fen": found.co_tail[place], "shapley_fen": found.shapley.fen[place],
        "shapley_se_fen": round(found.shapley.error[place]),
    }
    if place < places.firms:
        declared, fair = found.declared(place), found.fair(place)
        out |= {
            "name_zh": found.model.chain.firms[place].name_zh,
            "own_fen": found.own[place], "exported_fen": found.exported[place],
            "shared_causes_fen": found.shared_causes[place],
            "cause_fen": found.cause(place),
            "retention_fen": sum(one.burdens[place].retention_fen for one in found.layers),
            "contribution_fen": sum(one.burdens[place].contribution_fen for one in found.layers),
            "declared_fen": declared, "fair_fen": fair, "pays_for_others_fen": declared - fair,
            "premium_fen": found.premium[place],
            "layers": [
                {"id": one.layer.id, "retention_fen": one.burdens[place].retention_fen,
                 "contribution_fen": one.burdens[place].contribution_fen,
                 "fair_fen": one.burdens[place].fair_fen} for one in found.layers],
        }
    return out
