"""The engine's desk for small firms, with an insurer's own product, feeds and tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from functools import cache

from dinghai.evidence.reading import read_evidence_bytes
from dinghai.foundation.errors import Refusal
from dinghai.losses.tables import shipped_tables
from dinghai.pricing.reference_grid import ReferenceFirm, reference_profile
from dinghai.schemes.small_firm_dossier import Probe, consented, profile_of
from dinghai.schemes.small_firm_file import SmallFirm
from dinghai.schemes.small_firm_plans import (
    Plan,
    PlanTable,
    plan_schedule,
    shipped_plans,
)
from dinghai.schemes.small_firm_quote import DeskTables, SmallFirmDesk
from dinghai.wording.policy import Policy as EnginePolicy
from dinghai.wording.policy import bind
from dinghai.wording.products import load_product
from dinghai_platform.actuarial.in_force import tables_in_force
from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.catalogue.queries import (
    epss_in_force,
    kev_in_force,
    product_of,
    products_on_sale,
)
from dinghai_platform.core.files import read_file
from dinghai_platform.core.models import Organisation
from dinghai_platform.small_firms.models import Quote, Scan
from dinghai_platform.underwriting.engine import Kept, hashes_of

_desks = Kept(8)


def plans() -> PlanTable:
    """The plans that small firms are offered."""
    return shipped_plans()


def plan_named(code: str) -> Plan:
    """A plan by its code. Raises InputError for an unknown one."""
    return plans().plan(code)


def product_on_sale(tenant: Organisation) -> ProductVersion:
    """The version of the plans' product that an insurer sells. Raises Refusal without one."""
    found = products_on_sale(tenant).filter(product_id=plans().product).first()
    if found is None:
        raise Refusal("the product of these plans is not on sale here",
                      reasons=["release it in the catalogue first"])
    version: ProductVersion = found
    return version


def desk_of(tenant: Organisation, product: ProductVersion, on: date, inception: date
            ) -> SmallFirmDesk:
    """The desk of an insurer on a day for a first day of cover; the last few stay in the process.
    """
    tables = tables_in_force(tenant, product_of(product).rating.table, on)
    kev, epss = kev_in_force(tenant, on), epss_in_force(tenant, on)
    key = (product.document_hash, *hashes_of(tables), kev.as_of, len(kev.entries),
           None if epss is None else epss.as_of, on, str(tenant.pk))
    made: SmallFirmDesk = _desks.get(key, lambda: SmallFirmDesk.of(
        plans(), on, inception, DeskTables(product_of(product), kev, epss, tables)))
    return replace(made, inception=inception)


def market_factor_of(desk: SmallFirmDesk) -> int:
    """What is charged over the technical premium, in ppm, by the rating that a desk prices by."""
    assert desk.rating is not None  # an insurer's desk has the tables in force
    return int(desk.rating.market.factor_ppm)


def probe_of(firm: SmallFirm, scans: Iterable[Scan]) -> Probe:
    """What the firm's consent lets be used of the scans that were handed in."""
    if firm.consent is not True:
        return Probe("no_consent")
    return consented(firm, [
        read_evidence_bytes(read_file(one.file), one.name, vantage="external") for one in scans])


def draft_policy(firm: SmallFirm, quote: Quote, plan: Plan) -> EnginePolicy:
    """The contract that a quote offers under a plan, before it has parties and a number.

    Its sections and sublimits are those of the quote, to the fen. Raises Refusal where the plans
    have changed since.
    """
    offered = next(one for one in quote.document["plans"] if one["plan"] == plan.code)
    product = product_of(quote.product)
    kept = frozenset(offered["sublimits_fen"])
    schedule = plan_schedule(
        plan, profile_of(firm, plan), product, inception=quote.inception,
        without=frozenset(plan.sublimits_fen) - kept,
        reduced_ppm=plans().reduced.sublimit_ppm if quote.reduced else None)
    if {one.coverage: one.sublimit_fen for one in schedule.sections} != offered["sublimits_fen"]:
        raise Refusal("the plans have changed since this quote", reasons=["price it again"])
    return bind(product, schedule)


def insurers_with_plans(known: Iterable[Organisation]) -> list[Organisation]:
    """Those insurers of a list that sell the plans' product."""
    found = []
    for one in known:
        if products_on_sale(one).filter(product_id=plans().product).exists():
            found.append(one)
    return found



@cache
def specimen_policy() -> EnginePolicy:
    """The widest plan as a contract with nobody: all its terms, for who only looks at the plans."""
    product = load_product(plans().product)
    plan = max(plans().plans, key=lambda one: one.aggregate_limit_fen)
    profile = reference_profile(ReferenceFirm("C", 1_000_000_000, 0), shipped_tables())
    return bind(product, plan_schedule(plan, profile, product, inception=date(2026, 1, 1)))
