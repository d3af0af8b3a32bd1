"""Codes of residents' claims in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai_platform.ledger.words import DETAILS, NARRATIVES
from dinghai_platform.site.words import Word, register_states


def register() -> None:
    """Hand the room's words to the site and to the books."""
    register_states({
        "resident_claim_draft": Word(_p("claim", "Draft")),
        "resident_claim_submitted": Word(_p("claim", "To be decided"), "info"),
        "resident_claim_waiting": Word(_p("claim", "Waiting for the money"), "info"),
        "resident_claim_asked": Word(_p("claim", "Papers asked for"), "warn"),
        "resident_claim_referred": Word(_p("claim", "With a person"), "warn"),
        "resident_claim_proposed": Word(_p("claim", "Waits for approval"), "warn"),
        "resident_claim_approved": Word(_p("claim", "To be paid"), "good"),
        "resident_claim_paid": Word(_p("claim", "Paid"), "good"),
        "resident_claim_refused": Word(_p("claim", "Nothing payable"), "bad"),
        "resident_claim_withdrawn": Word(_p("claim", "Withdrawn")),
        "claim_run_running": Word(_p("run", "Running"), "info"),
        "claim_run_done": Word(_p("run", "Done"), "good"),
        "claim_run_ended": Word(_p("run", "Ended early"), "warn"),
        "claim_import_reading": Word(_p("import", "Being read"), "info"),
        "claim_import_checked": Word(_p("import", "Checked"), "warn"),
        "claim_import_taking": Word(_p("import", "Being taken in"), "info"),
        "claim_import_taken": Word(_p("import", "Taken in"), "good"),
        "claim_import_cancelled": Word(_p("import", "Cancelled")),
        "recovery_reported": Word(_p("recovery", "Reported"), "warn"),
        "recovery_received": Word(_p("recovery", "Received"), "good"),
        "recovery_dropped": Word(_p("recovery", "Dropped")),
    })
    NARRATIVES.update({
        "resident_claims.paid": _("Residents' claims paid"),
        "resident_claims.recovered": _("Recovery on a resident's claim"),
    })
    DETAILS.update({"claims": _("Claims")})
