"""What fixes cost one enterprise by its own offers: given as a file, taken back as one word."""

from __future__ import annotations

import tempfile
from pathlib import Path

from django.db import transaction

from dinghai.foundation.canonical import document_hash
from dinghai.foundation.errors import Fault, InputError, Refusal
from dinghai.foundation.reading import plain, typed
from dinghai.pricing.rating import FixCosts, load_fix_costs, read_fix_costs
from dinghai_platform.core import audit, files
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import scope_of
from dinghai_platform.underwriting.models import Case, OwnFixCosts

LARGEST_COSTS = 256 * 1024


def own_costs(case: Case) -> FixCosts | None:
    """The enterprise's own costs of fixes; None while the shipped ones count."""
    row = current_costs(case)
    return None if row is None else typed(row.document, FixCosts)


def costs_of(case: Case) -> FixCosts:
    """What fixes cost in a case: its own offers, else the shipped judgement."""
    return own_costs(case) or load_fix_costs()


def current_costs(case: Case) -> OwnFixCosts | None:
    """The row of the own costs that count; None while the shipped ones do."""
    row = OwnFixCosts.objects.within(case.tenant_id).filter(case=case).order_by("-id").first()
    return row if row is not None and row.document is not None else None


@transaction.atomic
def give_costs(case: Case, content: bytes, *, name: str, actor: Actor) -> OwnFixCosts:
    """Take an enterprise's own costs from a TOML file (dinghai.fix-costs/1). Raises InputError
    with the lines at fault."""
    require(actor, "underwriting.give_costs", case)
    costs = read_costs(content, name)
    _in_line(case, actor)
    stored = files.store_file(content, name=name, media_type="application/toml", actor=actor,
                              tenant=case.tenant)
    document = plain(costs)
    row = OwnFixCosts.objects.create(
        tenant=case.tenant, insured=case.insured, case=case, document=document,
        document_hash=document_hash(document), source=stored, given_by=actor.user)
    audit.append(actor, "underwriting.costs_given", row,
                 {"case": case.number, "hash": row.document_hash,
                  "offers": len(costs.full_fen)})
    return row


def _in_line(case: Case, actor: Actor) -> None:
    """Wait for the tenant's other writers, as histories and prices do: the line comes first."""
    with scope_of(actor, tenant=case.tenant):  # the line is the insurer's, whoever gives costs
        audit.hold_chain(case.tenant)


def read_costs(content: bytes, name: str) -> FixCosts:
    """The costs in a TOML file's bytes. Raises InputError."""
    if len(content) > LARGEST_COSTS:
        raise InputError("the file is too large", file=name, field="file",
                         mend="give the costs of fixes alone")
    with tempfile.TemporaryDirectory(prefix="costs-") as room:
        path = Path(room) / "costs.toml"
        path.write_bytes(content)
        try:
            return read_fix_costs(path)
        except InputError as error:
            raise InputError.of(Fault(one.message, name, one.line, one.field, one.mend)
                                for one in error.faults) from error


@transaction.atomic
def take_costs_back(case: Case, *, actor: Actor) -> OwnFixCosts:
    """Go back to the shipped costs. Raises Refusal where they count already."""
    require(actor, "underwriting.give_costs", case)
    _in_line(case, actor)
    if current_costs(case) is None:
        raise Refusal("no costs of one's own are given")
    row = OwnFixCosts.objects.create(
        tenant=case.tenant, insured=case.insured, case=case, document=None,
        given_by=actor.user)
    audit.append(actor, "underwriting.costs_taken_back", row, {"case": case.number})
    return row
