"""What a change of a small firm's policy costs or gives back: pro rata by day, to the fen.

The difference between two premiums of the whole period × days left ÷ days, halves up, is the one
exact step of every refund of the house (`pricing.floating.refund_by_day`, G9); cover that ends is a
plan of no premium. Nothing goes back that was not owed. Refunds go to the applicant (DECISIONS 13).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from dinghai.foundation.calendar import policy_days
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import PPM, Fen, split
from dinghai.pricing.floating import refund_by_day


@dataclass(frozen=True, slots=True)
class Period:
    """The first and the last day of a policy as it was bound."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """Days of cover."""
        return policy_days(self.first, self.last)

    def days_left(self, day: date) -> int:
        """Days of cover from a day on, that day included; all of them before the first."""
        return 0 if day > self.last else policy_days(max(day, self.first), self.last)


@dataclass(frozen=True, slots=True)
class Owed:
    """What is owed for a policy until now, in fen: before tax and tax."""

    net_fen: Fen
    vat_fen: Fen

    @property
    def gross_fen(self) -> Fen:
        """Both together."""
        return self.net_fen + self.vat_fen


@dataclass(frozen=True, slots=True)
class ChangeStep:
    """One change in fen: ``amount_fen`` is charged (negative: goes back), VAT included.

    ``before_fen`` and ``after_fen`` are premiums of the whole period; ``net_fen`` and ``vat_fen``
    have the sign of the amount. ``besides_fen`` goes back whole, whatever the days: what was paid
    for a plan that had not begun.
    """

    days: int
    days_left: int
    before_fen: Fen
    after_fen: Fen
    amount_fen: Fen
    net_fen: Fen
    vat_fen: Fen
    besides_fen: Fen = 0

    @property
    def back_fen(self) -> Fen:
        """What goes back."""
        return max(-self.amount_fen, 0)


def plan_step(before_fen: Fen, after: Owed, *, period: Period, day: date, owed: Owed) -> ChangeStep:
    """From one plan's premium of the whole period to another's, from a day on.

    Raises InputError for a day after the last.
    """
    left = _left(period, day)
    rise = after.gross_fen - before_fen
    step = refund_by_day(abs(rise), PPM, 0, left, period.days)
    if rise < 0:
        return _back(period, left, before_fen, after.gross_fen, min(step, owed.gross_fen), owed)
    net, vat = split(step, (after.net_fen, after.vat_fen))
    return ChangeStep(period.days, left, before_fen, after.gross_fen, step, net, vat)


def end_step(before_fen: Fen, *, period: Period, day: date, owed: Owed, besides_fen: Fen = 0
             ) -> ChangeStep:
    """The end of the cover from a day on. Before its first day all that is owed goes back
    (保险法54条); afterwards the days that are left.

    Raises InputError for a day after the last.
    """
    left = _left(period, day)
    if day <= period.first:
        back = owed.gross_fen
    else:
        back = min(refund_by_day(before_fen, PPM, 0, left, period.days) + besides_fen,
                   owed.gross_fen)
    return _back(period, left, before_fen, 0, back, owed, besides_fen)


def _left(period: Period, day: date) -> int:
    if day > period.last:
        raise InputError("the day is after the last day of cover", field="day",
                         mend="give a day of the period")
    return period.days_left(day)


def _back(period: Period, left: int, before_fen: Fen, after_fen: Fen, back: Fen, owed: Owed,
          besides_fen: Fen = 0) -> ChangeStep:
    """A step down; its tax follows what is owed (DECISIONS 24)."""
    net, vat = split(back, (owed.net_fen, owed.vat_fen))
    return ChangeStep(period.days, left, before_fen, after_fen, -back, -net, -vat, besides_fen)
