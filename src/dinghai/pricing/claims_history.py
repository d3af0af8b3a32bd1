"""The claims history of one insured: from its own claims, or from what its dossier declares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Final, Literal

import msgspec

from dinghai.assessment.profile import Profile
from dinghai.experience.own_claims import OwnClaim, OwnClaims
from dinghai.experience.own_columns import plain
from dinghai.foundation.canonical import JSON, document_hash
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.money import Fen
from dinghai.foundation.reading import plain as as_plain
from dinghai.foundation.reading import typed

HISTORY_SCHEMA: Final = "dinghai.claims-history/1"
SAME_NUMBER: Final = "the same claim number stands already"
_MOST_FAULTS = 20


@dataclass(frozen=True, slots=True)
class PastClaim:
    """One claim: its reference, its day, and the loss before deductible and limit in fen (None is
    unknown). ``reason`` says why it does not count; empty where it does."""

    reference: str
    occurred: date
    loss_fen: Fen | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ClaimsHistory:
    """All claims of one insured that occurred from the first to the last day, both included.

    ``origin`` is ``claims`` (the insurer's own file), ``dossier`` (declared by the insured) or
    ``case`` (stated in an underwriting case). No claim is a history too: it says that there was
    none, which is not the same as no history.
    """

    origin: str
    first: date
    last: date
    claims: tuple[PastClaim, ...]

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise InputError(f"the history ends on {self.last}, before it begins on {self.first}",
                             field="history", mend="give a first day before the day of the quote")

    @property
    def sha256(self) -> str:
        """Names the history exactly."""
        return document_hash(as_plain(self._document()))

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON (schema dinghai.claims-history/1) with its own hash."""
        return {**as_plain(self._document()), "hash": self.sha256}

    def _document(self) -> HistoryDocument:
        return HistoryDocument(
            HISTORY_SCHEMA, self.origin, self.first, self.last, tuple(
                PastClaimDocument(one.reference, one.occurred, one.loss_fen, one.reason)
                for one in self.claims))


class PastClaimDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One claim as it is written down."""

    reference: str
    occurred: date
    loss_fen: Fen | None
    reason: str


class HistoryDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A history as it is written down, without its hash."""

    schema: Literal["dinghai.claims-history/1"]
    origin: str
    first: date
    last: date
    claims: tuple[PastClaimDocument, ...]


def history_of_document(document: dict[str, JSON]) -> ClaimsHistory:
    """The history in its plain document. Raises InputError, also where the hash does not hold."""
    rest = dict(document)
    given = rest.pop("hash", None)
    read = typed(rest, HistoryDocument)
    history = ClaimsHistory(read.origin, read.first, read.last, tuple(
        PastClaim(one.reference, one.occurred, one.loss_fen, one.reason) for one in read.claims))
    if given is not None and given != history.sha256:
        raise InputError("the history was changed after it was made", field="hash",
                         mend="state the history again")
    return history


def history_of_claims(
    claims: OwnClaims, *, first: date, last: date, keys: Sequence[str] = ()
) -> ClaimsHistory:
    """The history in a file of own claims; ``keys`` are the insured's credit code and names.

    Raises InputError for a file with faulty rows (a row that nobody can read may be a claim), for
    one of another insured, and for one of several where it cannot be told whose a row is.
    """
    own = claims_of_insured(claims, keys)
    faults = faults_of_insured(claims, own)
    if faults:
        raise InputError.of(faults[:_MOST_FAULTS])
    return ClaimsHistory("claims", first, last, past_claims(own, first=first, last=last))


def past_claims(
    claims: Iterable[OwnClaim], *, first: date, last: date
) -> tuple[PastClaim, ...]:
    """Claims as a history counts them. A number that stands already counts once: the first."""
    seen: set[str] = set()
    found = []
    for one in claims:
        number = plain(one.claim_no)
        past = _past(one, first, last)
        if number and number in seen:
            past = PastClaim(past.reference, past.occurred, past.loss_fen, SAME_NUMBER)
        seen.add(number)
        found.append(past)
    return tuple(found)


def faults_of_insured(claims: OwnClaims, own: Sequence[OwnClaim]) -> tuple[Fault, ...]:
    """The faults of a file that matter for one insured: all but those of rows that name another.

    Where a file has more faults than are kept, every one matters.
    """
    if claims.faults_total > len(claims.faults):
        return claims.faults
    of_others = {one.line for one in claims.rows} - {one.line for one in own}
    return tuple(one for one in claims.faults if one.line not in of_others)


def history_of_profile(profile: Profile, *, on: date, years: int) -> ClaimsHistory:
    """What the dossier declares of the years before a day. An incident without loss is no claim;
    one of unknown loss is."""
    first = _years_before(on + timedelta(days=1), years)
    return ClaimsHistory("dossier", first, on, tuple(
        PastClaim(f"loss_history[{place}]", one.occurred_on, one.loss_fen,
                  _outside(one.occurred_on, first, on)
                  or ("no loss" if one.loss_fen == 0 else ""))
        for place, one in enumerate(profile.loss_history)))


def claims_of_insured(claims: OwnClaims, keys: Sequence[str]) -> list[OwnClaim]:
    """The rows of one insured by its keys; every row where none names an insured. Raises
    InputError for a file of another insured, and where it cannot be told whose a row is."""
    known = {one.insured_key for one in claims.rows if one.insured_key}
    if not known:
        return list(claims.rows)
    own = {key for key in known if plain(key) in {plain(one) for one in keys if one}}
    if not own and len(known) == 1:
        raise InputError(f"the claims are those of another insured: {next(iter(known))!r}",
                         file=claims.file, field="insured_key",
                         mend="give this insured's claims, or the key by which the file names it")
    if not own and not any(keys):
        raise InputError("the file holds several insureds, and this one's key is not known",
                         file=claims.file, field="insured_key",
                         mend="give the key by which the file names it")
    unknown = next((one for one in claims.rows if not one.insured_key), None)
    if unknown is not None and len(known) > 1:
        raise InputError("the file holds several insureds, and a claim names none",
                         file=claims.file, line=unknown.line, field="insured_key",
                         mend="name the insured of each claim")
    return [one for one in claims.rows if not one.insured_key or one.insured_key in own]


def _past(one: OwnClaim, first: date, last: date) -> PastClaim:
    assert one.occurred is not None
    loss = one.loss_minor if one.currency == "CNY" else None
    return PastClaim(one.claim_no, one.occurred, loss,
                     _outside(one.occurred, first, last) or _no_claim(one))


def _no_claim(one: OwnClaim) -> str:
    """Why a claim asks nothing of the policy: refused, withdrawn, or closed and nothing paid."""
    if one.state in ("refused", "withdrawn", "closed_without_payment"):
        return one.state
    return "nothing was paid" if one.state != "open" and one.incurred_minor == 0 else ""


def _outside(day: date, first: date, last: date) -> str:
    return "" if first <= day <= last else "outside the history"


def years_between(first: date, last: date) -> Fraction:
    """Years from 00:00 of the first to 24:00 of the last day: whole ones by anniversary, the rest
    by day. Rises with the last day."""
    end = last + timedelta(days=1)
    whole = end.year - first.year
    if _years_after(first, whole) > end:
        whole -= 1
    start = _years_after(first, whole)
    following = _years_after(first, whole + 1)
    return whole + Fraction((end - start).days, (following - start).days)


def _years_after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return date(day.year + years, 3, 1)


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return date(day.year - years, 2, 28)


def window_of(history: ClaimsHistory, years: int) -> date:
    """The first day of the latest so many years of a history."""
    return max(history.first, _years_before(history.last + timedelta(days=1), years))
