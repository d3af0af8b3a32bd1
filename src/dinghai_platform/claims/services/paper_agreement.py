"""A firm's agreement to a decision that it gave on paper: recorded by the handler, with the paper.

Who bought by a broker or in a batch may have neither link nor account, and could never agree to
what it is to be paid.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from dinghai.foundation.calendar import shanghai_day
from dinghai.foundation.clock import SHANGHAI
from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.claims.models import Claim
from dinghai_platform.claims.services.common import note_claim, required
from dinghai_platform.claims.services.evidence import add_evidence
from dinghai_platform.claims.steps import duty_conflict, move_of
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require

PAPER: Final = "agreement_to_decision"
"""The kind of the paper in the claim file."""
LONGEST_NAME: Final = 100


@transaction.atomic
def record_agreement(
    claim: Claim, content: bytes, *, name: str, media_type: str, signed_by: str, signed_on: date,
    actor: Actor,
) -> Claim:
    """Record that a small firm agreed on paper: who signed, on which day, and the paper itself. The
    ten days of payment run from that day (保险法23条).

    Raises Refusal for an enterprise's claim, for one without a decision to agree to and for duties
    that must stay apart; InputError for a day before the decision or after today.
    """
    require(actor, "claims.record_agreement", claim)
    claim = audit.locked(claim)
    if not claim.is_of_small_firm:
        raise Refusal(_("an enterprise agrees itself"), reasons=[
            _("ask its administrator to sign in and agree")])
    after = move_of(claim, "agree").target
    if conflict := duty_conflict(claim, actor):
        raise Refusal(conflict)
    decided = claim.decided_at
    assert decided is not None  # there is a decision to agree to
    signer = required(signed_by, "signed_by")[:LONGEST_NAME]
    if not shanghai_day(decided) <= signed_on <= clock.today():
        raise InputError(
            _("the paper was signed before the decision, or in the future"), field="signed_on",
            mend=_("give the day from %(first)s to %(last)s that stands on it") % {
                "first": shanghai_day(decided), "last": clock.today()})
    paper = add_evidence(claim.incident, content, name=name, kind=PAPER, media_type=media_type,
                         provided_by=signer, actor=actor)
    claim.state = after
    claim.agreed_at = max(decided, datetime.combine(signed_on, time(), SHANGHAI))
    claim.save(update_fields=("state", "agreed_at"))
    note_claim(claim, "decision_agreed_on_paper", actor, signed_by=signer,
               signed_on=signed_on.isoformat(), paper=paper.reference, sha256=paper.sha256)
    return claim
