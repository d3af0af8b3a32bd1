"""The one transaction by which staged changes become how certificates stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from django.db import connection

from dinghai.foundation.chain import merkle_root
from dinghai.schemes.resident_change_premium import ChangeSteps, ChangeSums, change_steps
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import locked
from dinghai_platform.ledger.services import credit, debit, post_entry
from dinghai_platform.residents.models import Change, ChangeChunk, ChangeList, Standing
from dinghai_platform.residents.renewal_sources import sources_of
from dinghai_platform.residents.services.seal import (
    NotEveryRow,
    StagedOtherwise,
    seal_enrolment,
    summary_of,
)

_AT_ONCE: Final = 500
_COPIED: Final = "certificate, tenant_id, day, plan, owed_fen, ended_on, masked_name, person_of"


def seal_changes(changes: ChangeList, *, actor: Actor) -> ChangeList:
    """Let the staged changes stand, post what they charge and give back, write one audit link.

    A certificate that another list changed meanwhile is left out, and one that stands in this list
    before: its change, or what would renew it, is void and counts nowhere. Must run inside the
    transaction that holds the list. Raises StagedOtherwise where a row is missing or there is one
    too many, and NotEveryRow, before anything is written, where a row of a list that is all or
    nothing would be left out.
    """
    require(actor, "residents.change", changes)
    changes.scheme = locked(changes.scheme)  # two seals of a scheme follow each other
    chunks = list(ChangeChunk.objects.within(changes.tenant).filter(changes=changes))
    staged = sum(one.accepted + one.rejected + one.left_out for one in chunks)
    if staged != changes.rows:
        raise StagedOtherwise(f"{staged} rows of the list are staged, {changes.rows} were looked "
                              "through")
    changes.left_out = sum(one.left_out for one in chunks)
    void: list[int] = []
    if changes.kind == ChangeList.Kind.RENEWAL:
        _seal_renewal(changes, chunks, actor)
    else:
        void = _seal_standing(changes, chunks, actor)
    changes.state, changes.sealed_at = ChangeList.State.SEALED, clock.now()
    changes.save()
    audit.append(actor, "residents.changes_sealed", changes, {
        "scheme": changes.scheme.number, "kind": changes.kind,
        "from": changes.from_day.isoformat(), "accepted": changes.accepted,
        "rejected": changes.rejected, "left_out": changes.left_out, "void": summary_of(void),
        "charged_fen": str(changes.charged_fen), "refunded_fen": str(changes.refunded_fen),
        "root": changes.root, "chunks": len(chunks)},
        leaves=[bytes.fromhex(one.root) for one in chunks])
    return changes


def _seal_renewal(changes: ChangeList, chunks: list[ChangeChunk], actor: Actor) -> None:
    """A renewal is sealed as what it is: an enrolment in the scheme of the next period."""
    assert changes.enrolment is not None
    enrolment = locked(changes.enrolment)
    enrolment.rows = sum(one.accepted + one.rejected for one in chunks)
    enrolment.rejected = sum(one.rejected for one in chunks)
    seal_enrolment(enrolment, actor=actor, overtaken=_renewed_of_what_is_no_longer(chunks))
    changes.accepted, changes.rejected = enrolment.number, enrolment.rejected
    changes.charged_fen, changes.root = enrolment.premium_fen, enrolment.root
    changes.moved = [[], enrolment.accepted]


def _renewed_of_what_is_no_longer(chunks: list[ChangeChunk]) -> set[int]:
    """New certificates whose old one was cancelled, corrected or changed since they were staged."""
    found: set[int] = set()
    for chunk in chunks:
        sources, changes = sources_of(chunk)
        for start in range(0, len(sources), _AT_ONCE):
            part = sources[start:start + _AT_ONCE]
            now = dict(Standing.objects.within(chunk.tenant_id).filter(
                certificate__in=part.tolist()).values_list("certificate", "change"))
            found.update(
                chunk.first + start + at for at, (source, change) in enumerate(
                    zip(part.tolist(), changes[start:start + _AT_ONCE].tolist(), strict=True))
                if now.get(source, 0) != change)
    return found


def _seal_standing(changes: ChangeList, chunks: list[ChangeChunk], actor: Actor) -> list[int]:
    repeated = _repeated(changes, chunks)
    overtaken = _overtaken(changes, chunks, repeated)
    void = sorted([*repeated.values(), *overtaken.values()])
    if changes.all_or_nothing and (void or any(one.rejected for one in chunks)):
        raise NotEveryRow({**dict.fromkeys(repeated, int(Change.State.REPEATED)),
                           **dict.fromkeys(overtaken, int(Change.State.OVERTAKEN))})
    _mark(changes, list(repeated), Change.State.REPEATED)
    _mark(changes, list(overtaken), Change.State.OVERTAKEN)
    changes.accepted = sum(one.accepted for one in chunks) - len(void)
    changes.rejected = sum(one.rejected for one in chunks) + len(void)
    sums = ChangeSums()
    moved = [np.zeros(len(changes.scheme.document["plans"]), dtype=np.int64) for _ in range(2)]
    for chunk in chunks:
        sums = sums.plus(ChangeSums(**chunk.sums))
        moved = [one + np.array(more) for one, more in zip(moved, chunk.moved, strict=True)]
    if void:
        sums, moved = _without(changes, void, sums, moved)
    changes.charged_fen, changes.refunded_fen = sums.charged_fen, sums.refunded_fen
    changes.moved = [one.tolist() for one in moved]
    changes.root = merkle_root([bytes.fromhex(one.root) for one in chunks])
    for chunk in chunks:
        _let_stand(chunk)
    _post(changes, sums, actor)
    return void


def _repeated(changes: ChangeList, chunks: list[ChangeChunk]) -> dict[int, int]:
    """The changes of certificates that stand in the list before, each with its certificate.

    The look tells most of them. Not somebody who was named twice and enrolled only afterwards.
    """
    ids, certificates = [], []
    for chunk in chunks:
        for one, certificate in Change.objects.within(changes.tenant).filter(
                id__gte=chunk.first, id__lt=chunk.first + chunk.accepted).order_by(
                "id").values_list("id", "certificate").iterator():
            ids.append(one)
            certificates.append(certificate)
    again = np.ones(len(ids), dtype=np.bool_)
    again[np.unique(np.array(certificates, dtype=np.int64), return_index=True)[1]] = False
    return {ids[at]: certificates[at] for at in np.flatnonzero(again).tolist()}


def _mark(changes: ChangeList, numbers: list[int], state: Change.State) -> None:
    for start in range(0, len(numbers), 500):
        Change.objects.within(changes.tenant).filter(
            id__in=numbers[start:start + 500]).update(state=state)


def _overtaken(
    changes: ChangeList, chunks: list[ChangeChunk], besides: Mapping[int, int]
) -> dict[int, int]:
    """The changes that were staged on a state that is no longer, each with its certificate."""
    changed, standing = Change._meta.db_table, Standing._meta.db_table
    found: dict[int, int] = {}
    with connection.cursor() as cursor:
        for chunk in chunks:
            cursor.execute(
                f"SELECT c.id, c.certificate FROM {changed} c LEFT JOIN {standing} s"
                " ON s.certificate = c.certificate WHERE c.id >= %s AND c.id < %s"
                " AND COALESCE(s.change, 0) <> c.before",
                [chunk.first, chunk.first + chunk.accepted])
            found.update(cursor.fetchall())
    return {one: certificate for one, certificate in found.items() if one not in besides}


def _without(
    changes: ChangeList, void: list[int], sums: ChangeSums, moved: list[Any]
) -> tuple[ChangeSums, list[Any]]:
    """Sums and moves without the void changes."""
    rows = []
    for chunk in changes.chunks.all():
        rows += Change.objects.within(changes.tenant).filter(
            id__gte=chunk.first, id__lt=chunk.first + chunk.accepted).exclude(
            state=Change.State.STANDS).values_list(
            "plan_before", "plan", "step_fen", "owed_fen")
    assert len(rows) == len(void)
    before, after, step, owed = np.array(rows, dtype=np.int64).T
    terms = changes.scheme.terms()
    # The tax of a step follows from what is owed before and after: a whole period's change of it.
    whole = change_steps(owed - step, owed, owed - step, left=terms_days(terms), scheme=terms)
    sums = sums.plus(ChangeSums.of(ChangeSteps(step, owed, whole.net)), -1)
    leave, come = (changes.kind != ChangeList.Kind.CORRECTION,
                   changes.kind == ChangeList.Kind.PLAN)
    number = len(moved[0])
    return sums, [moved[0] - leave * np.bincount(before, minlength=number),
                  moved[1] - come * np.bincount(after, minlength=number)]


def terms_days(terms: Any) -> int:
    """The days of a scheme's period."""
    days: int = (terms.last_day - terms.first_day).days + 1
    return days


def _let_stand(chunk: ChangeChunk) -> None:
    """Copy a chunk's changes into the register of standings, in the order of its key."""
    names = [one.strip() for one in _COPIED.split(",")[2:]]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Standing._meta.db_table} ({_COPIED}, change)"
            f" SELECT {_COPIED}, id FROM {Change._meta.db_table}"
            " WHERE id >= %s AND id < %s AND state = %s ORDER BY certificate"
            " ON CONFLICT (certificate) DO UPDATE SET change = excluded.change, "
            + ", ".join(f"{one} = excluded.{one}" for one in names),
            [chunk.first, chunk.first + chunk.accepted, Change.State.STANDS])


def _post(changes: ChangeList, sums: ChangeSums, actor: Actor) -> None:
    """One entry a list; what goes back is owed to the applicant (DECISIONS 13)."""
    if not sums.charged_fen and not sums.refunded_fen:
        return
    post_entry(
        [debit("premium_receivable", sums.charged_fen),
         credit("premium_income", sums.charged_net_fen),
         credit("vat_payable", sums.charged_fen - sums.charged_net_fen),
         debit("premium_income", sums.refunded_net_fen),
         debit("vat_payable", sums.refunded_fen - sums.refunded_net_fen),
         credit("refund_payable", sums.refunded_fen)],
        source=changes, key=f"residents.changes:{changes.pk}", actor=actor,
        narrative=f"residents.{changes.kind}", tenant=changes.tenant,
        details={"scheme": changes.scheme.number, "certificates": changes.accepted,
                 "from_day": changes.from_day.isoformat(),
                 "refund_to": changes.scheme.terms().applicant_zh, "root": changes.root})
