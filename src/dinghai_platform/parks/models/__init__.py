"""The rows of parks: a master policy, its members with their premium, papers, and events.

The park's operator sees the rows of its park. A firm's organisation sees the rows of its own
membership and no other: what it needs of the policy stands in its member and its certificate.
"""

from __future__ import annotations

from dinghai_platform.parks.models.changes import (
    CertificatePack,
    MemberChange,
    ParkCertificate,
    PremiumStep,
)
from dinghai_platform.parks.models.events import EventSettlement, MemberClaim
from dinghai_platform.parks.models.members import Park, ParkMember
from dinghai_platform.parks.models.rows import MemberRow, OperatorRow
from dinghai_platform.parks.models.shared import ServiceUse, SharedService

__all__ = [
    "CertificatePack",
    "EventSettlement",
    "MemberChange",
    "MemberClaim",
    "MemberRow",
    "OperatorRow",
    "Park",
    "ParkCertificate",
    "ParkMember",
    "PremiumStep",
    "ServiceUse",
    "SharedService",
]
