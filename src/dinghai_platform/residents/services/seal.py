"""The one transaction by which a staged list becomes certificates in force."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final

import numpy as np
from django.db import connection

from dinghai.foundation.canonical import sha256_hex
from dinghai.foundation.chain import merkle_root
from dinghai.foundation.errors import DinghaiError
from dinghai.schemes.persons_twice import Hashes, as_pairs, sorted_places
from dinghai.schemes.resident_scheme import ResidentScheme as Terms
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.ledger.services import credit, debit, post_entry
from dinghai_platform.residents.enrolled import enrolled_places
from dinghai_platform.residents.mass_rows import insert_rows, key_of
from dinghai_platform.residents.models import (
    Certificate,
    EnrolledPerson,
    Enrolment,
    EnrolmentChunk,
)

_PART: Final = 50_000
_MASS: Final = 1_000
"""From so many new rows on the database learns anew how the register is spread."""


class StagedOtherwise(DinghaiError):
    """What is staged is not what was looked through: nothing of it may be issued."""


class NotEveryRow(DinghaiError):
    """A list that is all or nothing has rows that cannot be done, and nothing of it was written.

    ``void`` are the certificates (or changes) that would be void, each with its state then; rows
    rejected when they were staged stand with their chunks."""

    def __init__(self, void: Mapping[int, int]) -> None:
        super().__init__(f"{len(void)} rows that were staged cannot be done, all or none may be")
        self.void = void


def seal_enrolment(
    enrolment: Enrolment, *, actor: Actor, overtaken: AbstractSet[int] = frozenset()
) -> Enrolment:
    """Enter everybody into the register of persons, post the premium, write one audit link.

    Whoever is in the register of the scheme already is left out, and the certificates of a renewal
    that are ``overtaken``: the certificate is void and counts nowhere. Must run inside the
    transaction that holds the enrolment. Raises StagedOtherwise where a row is missing or there is
    one too many, and NotEveryRow, before anything is written, where a row of a list that is all or
    nothing would be left out.
    """
    require(actor, "residents.enrol", enrolment)
    chunks = list(EnrolmentChunk.objects.within(enrolment.tenant).filter(enrolment=enrolment))
    staged = sum(sum(one.accepted) + one.rejected for one in chunks)
    if staged != enrolment.rows:
        raise StagedOtherwise(f"{staged} rows of {enrolment.file_name} are staged, "
                              f"{enrolment.rows} were looked through")
    hashes, pairs, ids = _staged(enrolment, chunks)
    if overtaken:
        hashes, pairs, ids = _without(hashes, pairs, ids, overtaken)
    again = {int(ids[at]) for at in enrolled_places(enrolment.scheme, hashes)} | _repeated(
        hashes, pairs, ids)
    void, rejected = again | overtaken, sum(one.rejected for one in chunks)
    overtaken_state, again_state = int(Certificate.State.OVERTAKEN), int(Certificate.State.REPEATED)
    if enrolment.all_or_nothing and (void or rejected):
        raise NotEveryRow({**dict.fromkeys(overtaken, overtaken_state),
                           **dict.fromkeys(again, again_state)})
    accepted = np.sum([np.array(one.accepted) for one in chunks], axis=0)
    if overtaken:
        accepted = accepted - _void(enrolment, overtaken, overtaken_state)
    if again:
        accepted = accepted - _void(enrolment, again, again_state)
        hashes, pairs, ids = _without(hashes, pairs, ids, again)
    _enter(enrolment, hashes, ids)
    enrolment.rejected = rejected + len(void)
    terms = take_figures(enrolment, accepted.tolist())
    enrolment.root = merkle_root([bytes.fromhex(one.root) for one in chunks])
    enrolment.state, enrolment.sealed_at = Enrolment.State.SEALED, clock.now()
    enrolment.save()
    net = sum(number * terms.net_fen(plan) for number, plan in zip(
        enrolment.accepted, terms.plans, strict=True))
    if enrolment.premium_fen:
        post_entry(
            [debit("premium_receivable", enrolment.premium_fen), credit("premium_income", net),
             credit("vat_payable", enrolment.premium_fen - net)],
            source=enrolment, key=f"residents.enrolment:{enrolment.pk}", actor=actor,
            narrative="residents.enrolled", tenant=enrolment.tenant,
            details={"scheme": enrolment.scheme.number, "certificates": enrolment.number,
                     "root": enrolment.root})
    audit.append(actor, "residents.list_sealed", enrolment, {
        "scheme": enrolment.scheme.number, "accepted": enrolment.accepted,
        "rejected": enrolment.rejected, "void": summary_of(void),
        "premium_fen": str(enrolment.premium_fen), "root": enrolment.root,
        "chunks": len(chunks)}, leaves=[bytes.fromhex(one.root) for one in chunks])
    return enrolment


def take_figures(enrolment: Enrolment, accepted: list[int]) -> Terms:
    """Let an enrolment have so many by plan, and their premium and sums insured; its terms."""
    terms: Terms = enrolment.scheme.terms()
    enrolment.accepted = accepted
    enrolment.premium_fen = sum(number * plan.premium_fen for number, plan in zip(
        accepted, terms.plans, strict=True))
    enrolment.sum_insured_fen = sum(number * plan.sum_insured_fen for number, plan in zip(
        accepted, terms.plans, strict=True))
    return terms


def summary_of(numbers: Collection[int]) -> dict[str, Any]:
    """Certificates as an audit entry says them, however many: how many, and the SHA-256 of their
    numbers, ascending, each as eight bytes. The numbers themselves stand in the list's results."""
    ascending = np.sort(np.fromiter(numbers, dtype=">i8", count=len(numbers)))
    return {"number": len(ascending), "sha256": sha256_hex(ascending.tobytes()),
            "read_in": "results"}


def _without(
    hashes: list[bytes], pairs: Hashes, ids: np.ndarray[Any, np.dtype[np.int64]],
    void: AbstractSet[int],
) -> tuple[list[bytes], Hashes, np.ndarray[Any, np.dtype[np.int64]]]:
    kept = ~np.isin(ids, np.array(sorted(void), dtype=np.int64))
    return ([one for one, keep in zip(hashes, kept.tolist(), strict=True) if keep],
            pairs[kept], ids[kept])


def _staged(
    enrolment: Enrolment, chunks: list[EnrolmentChunk]
) -> tuple[list[bytes], Hashes, np.ndarray[Any, np.dtype[np.int64]]]:
    """Look-up hashes (also as pairs of words) and ids of the staged certificates, in the order of
    the hashes."""
    hashes: list[bytes] = []
    ids: list[int] = []
    for chunk in chunks:
        for number, look_up in Certificate.objects.within(enrolment.tenant).filter(
                id__gte=chunk.first, id__lt=chunk.first + sum(chunk.accepted)).order_by(
                "id").values_list("id", "look_up").iterator(chunk_size=_PART):
            ids.append(number)
            hashes.append(bytes(look_up))
    pairs = as_pairs(b"".join(hashes))
    order = sorted_places(pairs)
    return ([hashes[place] for place in order.tolist()], pairs[order],
            np.array(ids, dtype=np.int64)[order])


def _repeated(
    hashes: list[bytes], pairs: Hashes, ids: np.ndarray[Any, np.dtype[np.int64]]
) -> set[int]:
    """Certificates of persons who stand in the list before. A list's own look leaves them
    out; not a renewal's, of somebody who was named twice and enrolled only afterwards."""
    new = np.ones(len(pairs), dtype=np.bool_)
    new[1:] = (pairs[1:, 0] != pairs[:-1, 0]) | (pairs[1:, 1] != pairs[:-1, 1])
    if new.all():
        return set()
    starts = np.flatnonzero(new)  # equal hashes are neighbours
    first = np.repeat(np.minimum.reduceat(ids, starts), np.diff(starts, append=len(hashes)))
    found: set[int] = set(ids[ids != first].tolist())
    return found


def _void(
    enrolment: Enrolment, void: AbstractSet[int], state: int
) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Mark certificates void; how many there are by plan."""
    plans: list[int] = []
    numbers = sorted(void)
    for start in range(0, len(numbers), 500):
        rows = Certificate.objects.within(enrolment.tenant).filter(
            id__in=numbers[start:start + 500])
        plans += rows.values_list("plan", flat=True)
        rows.update(state=state)
    return np.bincount(np.array(plans, dtype=np.int64),
                       minlength=len(enrolment.scheme.document["plans"]))


def _enter(
    enrolment: Enrolment, hashes: list[bytes], ids: np.ndarray[Any, np.dtype[np.int64]]
) -> None:
    tenant = key_of(enrolment.tenant)
    insert_rows(EnrolledPerson, ("look_up", "tenant_id", "certificate"),
                ((one, tenant, number) for one, number in zip(hashes, ids.tolist(), strict=True)))
    if connection.vendor == "postgresql" and len(hashes) >= _MASS:
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {EnrolledPerson._meta.db_table}")
