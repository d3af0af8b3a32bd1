"""Write the JSON Schemas of the engine's documents from its own types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from dinghai.claims.claim_file import Claim
from dinghai.claims.history import History
from dinghai.claims.layering import KINDS
from dinghai.claims.outcomes import OUTCOMES
from dinghai.experience.pool_release import PoolRelease
from dinghai.pricing.claims_history import HistoryDocument
from dinghai.pricing.experience_table import ExperienceTable
from dinghai.pricing.rating import FixCosts, Rating
from dinghai.pricing.referral import ReferralRules
from dinghai.pricing.screening import Screening
from dinghai.schemes.park_file import Park
from dinghai.schemes.resident_certificate import CertificateProof
from dinghai.schemes.resident_scheme import ResidentScheme
from dinghai.schemes.small_firm_plans import PlanTable
from dinghai.schemes.subsidy_register import RegisterDocument
from dinghai.schemes.subsidy_rule import SubsidyRule
from dinghai.supplychain.attack_paths import AttackPaths
from dinghai.supplychain.blast_radius import BlastRadius
from dinghai.supplychain.chain import Chain
from dinghai.supplychain.event_facts_file import EventFacts
from dinghai.supplychain.exceedance import ExceedanceDocument
from dinghai.supplychain.fix_costs import ChainFixCosts
from dinghai.supplychain.layer_file import ChainLayers
from dinghai.supplychain.level_changes import LevelChanges
from dinghai.supplychain.likely_path import LikelyPath
from dinghai.supplychain.node_levels import NodeLevels
from dinghai.supplychain.replay import Replay
from dinghai.wording.policy import Policy
from dinghai.wording.schema import Product
from tools import (
    chain_schemas,
    own_experience,
    park_schemas,
    resident_schemas,
    small_firm_schemas,
    subsidy_schemas,
)

FOLDER = Path(__file__).parent.parent / "src/dinghai/data/schemas"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def of_type(kind: type, title: str) -> dict[str, Any]:
    """The schema of a typed document, its parts under ``$defs``."""
    (root,), parts = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    name = root["$ref"].rsplit("/", 1)[1]
    body = parts.pop(name)
    return {"$schema": DIALECT, **body, "title": title, "$defs": parts}


def hashed(kind: type, title: str) -> dict[str, Any]:
    """The schema of a typed document that carries its own hash."""
    schema = of_type(kind, title)
    schema["properties"]["hash"] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
    return {**schema, "description": "hash is the SHA-256 of the canonical JSON (RFC 8785) "
                                     "without hash."}


def _object(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **optional},
        "additionalProperties": False,
    }


def decision() -> dict[str, Any]:
    """The schema of a decision."""
    text, whole = {"type": "string"}, {"type": "integer"}
    texts = {"type": "array", "items": text}
    fact = _object({"id": text, "evidence": texts}, item=whole, absent={"const": True}, value={})
    flag = _object(
        {
            "kind": {"enum": ["evidence_needed", "not_explained"]},
            "code": text,
            "subject": text,
            "burden": {"enum": ["insured", "insurer"]},
            "law": texts,
            "facts": texts,
        }
    )
    step = {
        "type": "object",
        "required": ["rule", "subject", "inputs", "outputs"],
        "properties": {
            "rule": text,
            "subject": text,
            "code": text,
            "clause": text,
            "law": texts,
            "facts": texts,
            "inputs": {"type": "object"},
            "outputs": {"type": "object"},
        },
    }
    line = _object(
        {
            "no": {"type": "integer", "minimum": 1},
            "coverage": text,
            "items": {"type": "array", "items": whole},
            "outcome": {"enum": list(OUTCOMES)},
            "payable_fen": whole,
            "clause": text,
            "facts": {"type": "array", "items": fact},
            "evidence": texts,
            "law": texts,
            "flags": {"type": "array", "items": flag},
            "steps": {"type": "array", "items": step},
        },
        insured=text,
        in_kind_fen=whole,
        defence_fen=whole,
        payee={"enum": ["insured", "third_party"]},
    )
    share = _object({"party": text, "role": {"enum": list(KINDS)},
                     "kind": {"enum": sorted(set(KINDS.values()))}, "share_ppm": whole,
                     "fen": whole})
    layer = _object({"id": text, "attachment_fen": whole, "limit_fen": whole, "borne_fen": whole,
                     "shares": {"type": "array", "items": share}},
                    unplaced_fen=whole, reinstated_fen=whole, reinstatement_premium_fen=whole)
    return {
        "$schema": DIALECT,
        "title": "Decision of a claim (dinghai.decision/1)",
        "description": "hash is the SHA-256 of the canonical JSON (RFC 8785) without hash.",
        **_object(
            {
                "schema": {"const": "dinghai.decision/1"},
                "rules": _object({"terms": text, "vocabulary": text}),
                "inputs": _object(
                    {
                        "policy": {"$ref": "policy.schema.json"},
                        "claim": {"$ref": "claim.schema.json"},
                    },
                    history={"$ref": "history.schema.json"},
                ),
                "lines": {"type": "array", "items": line},
                "total_fen": whole,
                "erosion": {"$ref": "history.schema.json#/$defs/EarlierClaim"},
                "hash": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            },
            layers={"type": "array", "items": layer},
            reinstatement=_object({"reinstated_fen": whole, "premium_fen": whole}),
            interim_above_due_fen=whole, contributions_fen=whole, insurers_fen=whole,
        ),
    }


def schemas() -> dict[str, dict[str, Any]]:
    """File name to schema."""
    return {
        "product.schema.json": of_type(Product, "Product (dinghai.product/1)"),
        "policy.schema.json": of_type(Policy, "Policy (dinghai.policy/1)"),
        "claim.schema.json": of_type(Claim, "Claim file (dinghai.claim/1)"),
        "history.schema.json": of_type(History, "History of a policy (dinghai.history/1)"),
        "decision.schema.json": decision(),
        "chain.schema.json": of_type(Chain, "Supply chain (dinghai.chain/1)"),
        "chain-event.schema.json": of_type(
            EventFacts, "Facts of an event to be settled (dinghai.chain-event/1)"),
        "chain-layers.schema.json": of_type(
            ChainLayers, "Layers and shares of a chain (dinghai.chain-layers/1)"),
        "chain-blast.schema.json": of_type(
            BlastRadius, "Blast radius and single points of a chain (dinghai.chain-blast/1)"),
        "chain-exceedance.schema.json": of_type(
            ExceedanceDocument, "Exceedance curves of a chain (dinghai.chain-exceedance/1)"),
        "chain-levels.schema.json": of_type(
            NodeLevels, "Levels of a chain's nodes (dinghai.chain-levels/1)"),
        "chain-level-changes.schema.json": of_type(
            LevelChanges, "Changes of levels (dinghai.chain-level-changes/1)"),
        "chain-paths.schema.json": of_type(
            AttackPaths, "Attack paths of a chain (dinghai.chain-paths/1)"),
        "chain-likely-path.schema.json": of_type(
            LikelyPath, "Most likely way to a party (dinghai.chain-likely-path/1)"),
        "chain-replay.schema.json": of_type(
            Replay, "Replay of a simulated event (dinghai.chain-replay/1)"),
        "chain-fix-costs.schema.json": of_type(
            ChainFixCosts, "Costs of fixes in a supply chain (dinghai.chain-fix-costs/1)"),
        "chain-hardening.schema.json": chain_schemas.hardening(),
        "chain-ranking.schema.json": chain_schemas.ranking(),
        "park.schema.json": of_type(Park, "Master policy of a park (dinghai.park/1)"),
        **park_schemas.schemas(),
        "own-claims.schema.json": own_experience.schema("claims"),
        "own-exposures.schema.json": own_experience.schema("exposures"),
        "resident-scheme.schema.json": of_type(
            ResidentScheme, "Scheme for residents (dinghai.resident-scheme/1)"),
        "resident-check.schema.json": resident_schemas.check(),
        "certificate-proof.schema.json": of_type(
            CertificateProof, "Proof of a certificate (dinghai.certificate-proof/1)"),
        "resident-claims.schema.json": resident_schemas.claims(),
        "resident-decisions.schema.json": resident_schemas.decisions(),
        "resident-returns.schema.json": resident_schemas.returns(),
        "rating.schema.json": of_type(Rating, "Rating (dinghai.rating/1)"),
        "referral.schema.json": of_type(ReferralRules, "Rules of referral (dinghai.referral/1)"),
        "experience-rating.schema.json": of_type(
            ExperienceTable, "Table of experience rating (dinghai.experience-rating/1)"),
        "claims-history.schema.json": hashed(
            HistoryDocument, "Claims history of one insured (dinghai.claims-history/1)"),
        "screening.schema.json": hashed(Screening, "Sanctions screening (dinghai.screening/1)"),
        "fix-costs.schema.json": of_type(FixCosts, "Costs of fixes (dinghai.fix-costs/1)"),
        "pool-release.schema.json": of_type(
            PoolRelease, "Release of the shared data pool (dinghai.pool-release/1)"),
        "subsidy-rule.schema.json": of_type(
            SubsidyRule, "Rule of a subsidy of premiums (dinghai.subsidy-rule/1)"),
        "subsidy-register.schema.json": of_type(
            RegisterDocument, "Register of a subsidy (dinghai.subsidy-register/1)"),
        **subsidy_schemas.answers(),
        "small-firm-plans.schema.json": of_type(
            PlanTable, "Plans for small firms (dinghai.small-firm-plans/1)"),
        "small-firm-quotes.schema.json": small_firm_schemas.quotes(),
        "small-firm-validation.schema.json": small_firm_schemas.validation(),
        "small-firm-month.schema.json": small_firm_schemas.month(),
    }


def as_text(schema: dict[str, Any]) -> str:
    """The published form."""
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    for name, schema in schemas().items():
        (FOLDER / name).write_text(as_text(schema), "utf-8")
