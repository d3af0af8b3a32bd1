"""The rate filing pack (费率备案材料): rate tables, actuarial report, what changed, manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Final

import msgspec

from dinghai import __version__
from dinghai.documents.filing_changes import filing_changes
from dinghai.documents.filing_report import filing_report
from dinghai.documents.filing_tables import filing_workbook
from dinghai.documents.phrases import Language
from dinghai.documents.typesetting import set_pdf
from dinghai.foundation.canonical import JSON, document_hash
from dinghai.pricing.filing import FilingStudy
from dinghai.pricing.rating import rating_hash
from dinghai.vocabulary.industries import industries

TABLES, REPORT, CHANGES, MANIFEST = (
    "rate-tables.xlsx", "actuarial-report.pdf", "what-changed.pdf", "manifest.json")
SCHEMA: Final = "dinghai.filing/1"


def filing_pack(study: FilingStudy, *, language: Language = "zh") -> Mapping[str, bytes]:
    """Every file of the pack by its name, the manifest last. The same study gives the same bytes.

    Raises InputError while the fonts are missing.
    """
    files = {TABLES: filing_workbook(study, language=language),
             REPORT: set_pdf(filing_report(study, language=language)),
             CHANGES: set_pdf(filing_changes(study, language=language))}
    manifest = json.dumps(_manifest(study, files, language), ensure_ascii=False, indent=2) + "\n"
    return {**files, MANIFEST: manifest.encode()}


def _industries_hash() -> str:
    """The relativities and mixes are a table of the vocabulary, and no part of the loss tables."""
    plain: JSON = {code: msgspec.to_builtins(one) for code, one in industries().items()}
    return document_hash(plain)


def _manifest(
    study: FilingStudy, files: Mapping[str, bytes], language: Language
) -> dict[str, JSON]:
    """What the pack holds, by what it was made (schema dinghai.filing/1)."""
    rating, product, against = study.rating, study.product, study.against
    return {
        "schema": SCHEMA, "engine": __version__, "language": language, "on": study.on.isoformat(),
        "product": {"id": product.product_id, "version": product.version,
                    "sha256": document_hash(product.to_dict())},
        "rating": {"id": rating.id, "version": rating.version, "filing": rating.filing,
                   "sha256": rating_hash(rating)},
        "against": None if against is None else {
            "id": against.id, "version": against.version, "sha256": rating_hash(against)},
        "tables": {"sha256": study.tables.version, "files": {
            name: {"version": raw.get("version"), "as_of": raw.get("as_of")}
            for name, raw in sorted(study.tables.raw.items())}},
        "industries": {"sha256": _industries_hash()},
        "reference_grid": {"version": study.grid_table.version},
        "study_sha256": study.to_dict()["hash"],
        "files": [{"name": name, "bytes": len(content),
                   "sha256": hashlib.sha256(content).hexdigest()}
                  for name, content in files.items()],
    }
