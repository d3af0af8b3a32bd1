"""What to do right after a transfer: steps to stop the payment, for less than a day."""

from __future__ import annotations

from datetime import datetime, timedelta

from dinghai.schemes.resident_claim_tables import StopStep, stop_payment


def stop_payment_steps(transferred_at: datetime, now: datetime) -> tuple[StopStep, ...]:
    """The steps, in order, while less than a day has passed since the transfer; none later.

    Both moments carry their time zone. A transfer after ``now`` (a clock that runs wrong) counts as
    just made: guidance that comes too early harms nobody. Raises ValueError for a moment without a
    zone.
    """
    if transferred_at.tzinfo is None or now.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    table = stop_payment()
    return table.steps if now - transferred_at < timedelta(hours=table.young_hours) else ()
