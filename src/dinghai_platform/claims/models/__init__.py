"""The rows of incidents and claims."""

from dinghai_platform.claims.models.claim import (
    Claim,
    ClockPause,
    EvidenceDocument,
    EvidenceRequest,
    LossItem,
    ReserveChange,
)
from dinghai_platform.claims.models.decision import (
    DecisionRecord,
    InterimOrder,
    Objection,
    Payment,
    Recourse,
    Recovery,
)
from dinghai_platform.claims.models.incident import (
    Incident,
    ReportingDuty,
    ResponseOrder,
    TimelineEntry,
)

__all__ = [
    "Claim",
    "ClockPause",
    "DecisionRecord",
    "EvidenceDocument",
    "EvidenceRequest",
    "Incident",
    "InterimOrder",
    "LossItem",
    "Objection",
    "Payment",
    "Recourse",
    "Recovery",
    "ReportingDuty",
    "ReserveChange",
    "ResponseOrder",
    "TimelineEntry",
]
