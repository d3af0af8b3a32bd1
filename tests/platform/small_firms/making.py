"""What tests of small firms start from: answers, files, an insurer that sells the plans."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from dinghai.experience.pool_records import check_character
from dinghai.vocabulary.indicators import light_indicators
from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.catalogue.services import install_product, release_product
from dinghai_platform.core.actors import Actor, system_actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.small_firms.models import Batch, Change, Firm, Policy, Quote
from dinghai_platform.small_firms.services.batches import take_batch
from dinghai_platform.small_firms.services.firms import price_firm, start_firm
from dinghai_platform.small_firms.services.policies import Acceptance, bind_quote, terms_of

PRODUCT = "cyber-comprehensive-inclusive"
SCANS = Path(__file__).resolve().parents[3] / "examples/small-firms/scans"


def code_of(number: int) -> str:
    """A credit code with its check character, the same for the same number."""
    start = f"91320500MA{number:07d}"
    return start + check_character(start)


def cells(number: int = 1, answer: str = "yes", **more: str) -> dict[str, str]:
    """The answers of a made-up firm, all the same unless said otherwise."""
    return {"credit_code": code_of(number), "name": f"青禾设计示例{number:03d}", "industry": "M",
            "revenue": "456", "employees": "12", "domain": f"firm{number:03d}.example",
            "consent": "no", "plan": "plus", "products": "",
            **dict.fromkeys(light_indicators(), answer), **more}


def unsure(number: int = 1) -> dict[str, str]:
    """A firm that knows so little of itself that an underwriter must look at it."""
    return cells(number, **dict.fromkeys((
        "GOV-01", "GOV-02", "GOV-04", "GOV-05", "AST-02", "AST-03", "AST-04", "AST-05", "IAM-04",
        "EPP-02", "HRD-01"), "unknown"))


def file_of(rows: Sequence[dict[str, str]]) -> bytes:
    """A file of firms."""
    heading = ["credit_code", "name", "industry", "revenue", "employees", "domain", "consent",
               "consent_on", "plan", "minutes", *light_indicators()]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["revenue(万元)" if one == "revenue" else one for one in heading])
    writer.writerows([row.get(one, "8" if one == "minutes" else "") for one in heading]
                     for row in rows)
    return text.getvalue().encode()


def on_sale(insurer: Organisation) -> ProductVersion:
    """The plans' product, released."""
    house = system_actor(insurer)
    return release_product(install_product(PRODUCT, actor=house), actor=house)


def priced(actor: Actor, number: int = 1, answer: str = "yes", inception: date | None = None,
           **more: str) -> Quote:
    """A firm that was priced."""
    firm = start_firm(actor=actor)
    return price_firm(firm, actor=actor, given=cells(number, answer, **more),
                      inception=inception)


def accepted(quote: Quote, plan: str, **fields: Any) -> Acceptance:
    """Everything explained and taken."""
    return Acceptance([one.key for one in terms_of(quote, plan)],
                      **{"confirmed_by": "李青", "channel": "telephone", **fields})


def bound(quote: Quote, actor: Actor) -> Policy:
    """The offer, taken."""
    return bind_quote(quote, quote.offered_plan, accepted(quote, quote.offered_plan), actor=actor)


def batch_of(actor: Actor, rows: Sequence[dict[str, str]], **options: Any) -> Batch:
    """A file that was handed in."""
    return take_batch(file_of(rows), name="firms.csv", actor=actor, **options)


def firm_named(insurer: Organisation, number: int) -> Firm:
    """The firm of a number."""
    found: Firm = Firm.objects.within(insurer).get(credit_code=code_of(number))
    return found


def change_of(policy: Policy) -> Change:
    """A mended name as it is kept, of a policy that is not in force itself."""
    made: Change = Change.objects.create(
        tenant=policy.tenant, broker=policy.broker, insured=policy.insured, policy=policy,
        number="SE2026-000001", kind=Change.Kind.NAME, state=Change.State.DONE,
        effective=policy.inception, before="青禾", after="青禾设计", reason="登记更名",
        asked_by="李青", channel="paper", document_hash="0" * 64, document={
            "period": {"first": policy.inception.isoformat(), "last": policy.expiry.isoformat()},
            "step": None, "unpaid": False, "falling": []})
    return made
