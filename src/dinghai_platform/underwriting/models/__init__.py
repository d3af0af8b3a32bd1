"""The rows of underwriting: the case, what is known, what is offered, what is agreed."""

from dinghai_platform.underwriting.models.case import Case, InsuredRow
from dinghai_platform.underwriting.models.contract import Endorsement, Paper, Policy
from dinghai_platform.underwriting.models.evidence import (
    Dispute,
    Dossier,
    EvidenceReading,
    Finding,
)
from dinghai_platform.underwriting.models.history import (
    HistoryVersion,
    OwnFixCosts,
    Screening,
)
from dinghai_platform.underwriting.models.offer import (
    Assessment,
    Explanation,
    Fix,
    Quote,
    TreatmentPlan,
)

__all__ = [
    "Assessment",
    "Case",
    "Dispute",
    "Dossier",
    "Endorsement",
    "EvidenceReading",
    "Explanation",
    "Finding",
    "Fix",
    "HistoryVersion",
    "InsuredRow",
    "OwnFixCosts",
    "Paper",
    "Policy",
    "Quote",
    "Screening",
    "TreatmentPlan",
]
