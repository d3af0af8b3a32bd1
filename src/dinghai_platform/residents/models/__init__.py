"""The rows of residents' cover, by what they are about."""

from dinghai_platform.residents.models.base import OwnRow
from dinghai_platform.residents.models.certificates import (
    Certificate,
    CertificateCounter,
    EnrolledPerson,
)
from dinghai_platform.residents.models.changes import (
    Change,
    ChangeChunk,
    ChangeList,
    Pace,
    Standing,
)
from dinghai_platform.residents.models.lists import Enrolment, EnrolmentChunk, ListPart, ListStream
from dinghai_platform.residents.models.papers import PaperOrder, PaperPart
from dinghai_platform.residents.models.sales import Sale
from dinghai_platform.residents.models.schemes import ResidentScheme, SaleLink

__all__ = [
    "Certificate",
    "CertificateCounter",
    "Change",
    "ChangeChunk",
    "ChangeList",
    "EnrolledPerson",
    "Enrolment",
    "EnrolmentChunk",
    "ListPart",
    "ListStream",
    "OwnRow",
    "Pace",
    "PaperOrder",
    "PaperPart",
    "ResidentScheme",
    "Sale",
    "SaleLink",
    "Standing",
]
