"""Members' floats as a document (schema dinghai.chain-float/1): factor, money, reasons, appeal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final

import msgspec

from dinghai.foundation.calendar import add_working_days
from dinghai.foundation.canonical import JSON
from dinghai.foundation.money import PPM, apply_ppm
from dinghai.pricing.floating import FloatRule, PolicyPeriod, float_premium, indicated_factor
from dinghai.supplychain.chain_float import ChainFloat, FirmFloat
from dinghai.supplychain.float_changes import ChangeEffect, incentives_for, reasons_for
from dinghai.supplychain.float_table import chain_float_table
from dinghai.vocabulary.lifecycle import machines

FLOAT_SCHEMA: Final = "dinghai.chain-float/1"
MACHINE: Final = "premium_float"


def float_document(
    found: ChainFloat, rule: FloatRule, *, on: date, inception: date, expiry: date,
    firms: Sequence[int], fixes: int = 0,
) -> dict[str, JSON]:
    """Plain JSON. ``firms`` are the members shown, by place; ``fixes`` how many of the leading
    fixes are weighed for each of them. Amounts in fen a year, ratios in ppm."""
    table = chain_float_table()
    return {
        "schema": FLOAT_SCHEMA, "chain": found.base.model.chain.id, "on": on.isoformat(),
        "inception": inception.isoformat(), "expiry": expiry.isoformat(),
        "worlds": found.base.worlds, "seed": found.base.seed,
        "rule": {"id": rule.id, "type": rule.type, "floor_ppm": rule.floor_ppm,
                 "cap_ppm": rule.cap_ppm, "hysteresis_ppm": rule.hysteresis_ppm,
                 "agreeing_readings": rule.agreeing_readings, "upward": rule.upward,
                 "downward": rule.downward},
        "credibility": {"half_at": table.credibility.half_at,
                        "half_at_interval": list(table.credibility.half_at_interval),
                        "source": table.credibility.source,
                        "confidence": table.credibility.confidence},
        "chain_ppm": found.chain_ppm,
        "caused_before_fen": sum(one.before_fen for one in found.firms),
        "caused_after_fen": sum(one.after_fen for one in found.firms),
        "premium_fen": found.premium_fen, "premium_basis": found.premium_basis,
        "changed": [found.base.model.chain.firms[firm].id for firm in found.changed],
        "firms": [_firm(found, found.firms[firm], rule, on, inception, expiry, fixes)
                  for firm in firms],
    }


def _firm(
    found: ChainFloat, one: FirmFloat, rule: FloatRule, on: date, inception: date, expiry: date,
    fixes: int,
) -> dict[str, JSON]:
    firm = found.base.model.chain.firms[one.firm]
    period = PolicyPeriod(inception, expiry, one.premium_fen)
    at_bind, reading = one.at_bind, replace(one.reading, on=on)
    confirmed = msgspec.structs.replace(rule, agreeing_readings=1)
    now = float_premium(rule, at_bind, [reading], period, on)
    then = float_premium(confirmed, at_bind, [reading], period, on)
    factor = indicated_factor(rule, at_bind, reading)
    caused = found.base.caused
    reasons = reasons_for(found, one.firm, rule) if one.changed else []
    out: dict[str, JSON] = {
        "id": firm.id, "name_zh": firm.name_zh, "changed": one.changed,
        "before": {
            "own_fen": round(float(caused.own[:, one.firm].mean())),
            "exported_fen": round(float(caused.exported[:, one.firm].mean())),
            "lost_supply_fen": round(float(caused.supply[:, one.firm].mean())),
            "shared_causes_fen": round(float(caused.brought[:, one.firm].mean()))},
        "caused_before_fen": one.before_fen, "caused_after_fen": one.after_fen,
        "own_ppm": one.own_ppm, "all_ppm": one.all_ppm, "se_ppm": one.error_ppm,
        "credibility_at_bind_ppm": one.bound_ppm, "credibility_now_ppm": one.now_ppm,
        "score_before_ppm": at_bind.score_ppm, "score_after_ppm": reading.score_ppm,
        "factor_ppm": factor, "premium_fen": one.premium_fen,
        "change_a_year_fen": apply_ppm(one.premium_fen, factor - PPM),
        "float": now.to_dict(), "if_confirmed": then.to_dict(),
        "reasons": [_effect(each) for each in reasons],
    }
    if not one.changed and found.chain_ppm < PPM and factor < PPM:
        out["reasons"] = [{"table": "chain", "subject": "others", "factor_ppm": factor - PPM,
                           "premium_fen": apply_ppm(one.premium_fen, factor - PPM),
                           "caused_fen": one.after_fen - one.before_fen}]
    if factor != PPM:
        out["notice"] = _notice(one, reasons, on)
    if fixes:
        out["fixes"] = [_effect(each) for each in incentives_for(found, one.firm, rule,
                                                                 most=fixes)]
    return out


def _effect(one: ChangeEffect) -> dict[str, JSON]:
    return {**one.change.to_dict(), "factor_ppm": one.factor_ppm, "premium_fen": one.premium_fen,
            "caused_fen": one.caused_fen}


def _notice(one: FirmFloat, reasons: Sequence[ChangeEffect], on: date) -> dict[str, JSON]:
    """What a notice carries: the evidence read, and how long and with what it can be disputed, as
    the lifecycle of a float says."""
    dispute = next(each for each in machines()[MACHINE].transitions if each.event == "dispute")
    days = next(each.amount for each in dispute.service_levels if each.unit == "working_day")
    rows: list[dict[str, JSON]] = [
        {"table": each.change.table, "subject": each.change.subject,
         "known_by": getattr(row, "known_by", "") or getattr(row, "source", ""),
         "as_of": (when.isoformat() if (when := getattr(row, "as_of", None) or getattr(
             row, "observed_on", None)) else None)}
        for each in reasons for row in (each.change.new or each.change.old)]
    return {
        "evidence": rows, "reading": one.reading.reference,
        "appeal": {"working_days": days, "until": add_working_days(on, days).isoformat(),
                   "documents": list(dispute.documents), "roles": list(dispute.roles)},
    }
