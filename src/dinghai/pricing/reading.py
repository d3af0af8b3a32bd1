"""One reading of the risk for the premium float, through the policy's own terms."""

from __future__ import annotations

from datetime import date

from dinghai.assessment.dossier import Dossier
from dinghai.assessment.result import Assessment
from dinghai.foundation.canonical import canonical_bytes, sha256_hex
from dinghai.losses.evaluation import evaluate
from dinghai.losses.model import build_loss_model
from dinghai.pricing.floating import Reading
from dinghai.pricing.premium import whole_fen
from dinghai.wording.policy import Policy


def asset_scope(dossier: Dossier) -> str:
    """A hash of what was looked at: the names of all scans and inventories of the dossier.

    A re-scan under the same name keeps the scope; a scan of something else does not, and a rule
    with a frozen scope leaves such a reading out.
    """
    return sha256_hex(canonical_bytes(sorted(one.source_name for one in dossier.readings)))


def take_reading(
    dossier: Dossier, assessment: Assessment, policy: Policy, *, on: date, reference: str = ""
) -> Reading:
    """Expected loss of a year and score of an assessed dossier under a policy, on a day.

    Give the dossier with the profile of the policy's inception: a float follows the controls, a
    change of exposure is an endorsement of its own.
    """
    model = build_loss_model(dossier.profile, assessment.posture)
    return Reading(
        on=on,
        expected_loss_fen=whole_fen(evaluate(model, policy).expected),
        score_ppm=assessment.total_ppm,
        asset_scope=asset_scope(dossier),
        reference=reference,
    )
