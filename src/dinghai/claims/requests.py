"""The one request for evidence (保险法22条): complete, and only what the insured must prove."""

from __future__ import annotations

from dataclasses import dataclass

from dinghai.foundation.canonical import JSON
from dinghai.vocabulary.coverages import coverages
from dinghai.vocabulary.facts import fact


@dataclass(frozen=True, slots=True)
class RequestedEvidence:
    """What is missing for one line: facts to establish and the documents that usually do."""

    line: int
    coverage: str
    subject: str
    facts: tuple[str, ...]
    documents: tuple[str, ...]

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {"line": self.line, "coverage": self.coverage, "subject": self.subject,
                "facts": list(self.facts), "documents": list(self.documents)}


def evidence_request(decision: JSON) -> tuple[RequestedEvidence, ...]:
    """Everything to ask the insured for, in one go, from a provisional decision."""
    handed_in = {one["document"] for one in decision["inputs"]["claim"].get("evidence", [])}
    requests = []
    for line in decision["lines"]:
        for flag in line["flags"]:
            if flag["kind"] != "evidence_needed" or flag["burden"] != "insured":
                continue
            wanted = tuple(name for name in flag["facts"] if fact(name).prover == "insured")
            if not wanted:
                continue
            usual = coverages()[line["coverage"]].evidence
            requests.append(RequestedEvidence(
                line["no"], line["coverage"], flag["subject"], wanted,
                tuple(one for one in usual if one not in handed_in)))
    return tuple(requests)
