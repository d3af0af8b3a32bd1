"""What a change of a resident's certificate costs or gives back: pro rata by day, to the fen.

The difference between two plans' premiums of the whole period × days left ÷ days, halves up, is one
exact step, as in every refund of the house (`pricing.floating.refund_by_day`, G9); cover that ends
is a plan of no premium. What goes back is never more than was owed, and tax follows the running sum
of the certificate, so that all steps together carry the tax of what is owed (DECISIONS 24). Refunds
go to the applicant (DECISIONS 13).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from dinghai.foundation.calendar import policy_days
from dinghai.foundation.money import PPM, Fen
from dinghai.schemes.resident_scheme import ResidentScheme

Fens = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ChangeSteps:
    """By certificate, in fen: ``step`` is charged (negative: goes back), VAT included; ``owed``
    after it; ``net`` the part of the step before tax."""

    step: Fens
    owed: Fens
    net: Fens


@dataclass(frozen=True, slots=True)
class ChangeSums:
    """Steps together, all in fen and none negative."""

    charged_fen: Fen = 0
    charged_net_fen: Fen = 0
    refunded_fen: Fen = 0
    refunded_net_fen: Fen = 0

    @classmethod
    def of(cls, steps: ChangeSteps) -> ChangeSums:
        """The sums of some steps."""
        up = steps.step > 0
        return cls(int(steps.step[up].sum()), int(steps.net[up].sum()),
                   -int(steps.step[~up].sum()), -int(steps.net[~up].sum()))

    def plus(self, other: ChangeSums, sign: int = 1) -> ChangeSums:
        """Both together; without the other with ``sign`` −1."""
        return ChangeSums(
            self.charged_fen + sign * other.charged_fen,
            self.charged_net_fen + sign * other.charged_net_fen,
            self.refunded_fen + sign * other.refunded_fen,
            self.refunded_net_fen + sign * other.refunded_net_fen)


def days_left(scheme: ResidentScheme, day: date, *, first_day: date | None = None) -> int:
    """Days of cover from a day on, that day included: all of them before the cover begins.
    ``first_day`` is a certificate's own, where it was bought after the scheme had begun."""
    if day > scheme.last_day:
        return 0
    return policy_days(max(day, first_day or scheme.first_day), scheme.last_day)


def change_steps(
    before_fen: Fens, after_fen: Fens, owed_fen: Fens, *, left: int | Fens,
    scheme: ResidentScheme, days: int | Fens | None = None,
) -> ChangeSteps:
    """The steps of certificates whose premium of the whole period goes from ``before_fen`` to
    ``after_fen`` with ``left`` days to go, each having ``owed_fen`` until now. ``days`` are those
    of a certificate's own period (the scheme's, unless given)."""
    if days is None:
        days = policy_days(scheme.first_day, scheme.last_day)
    rise = (after_fen - before_fen) * left
    step = np.sign(rise) * _half_up(np.abs(rise), days)
    owed = np.maximum(owed_fen + step, 0)
    return ChangeSteps(owed - owed_fen, owed, _net(owed, scheme) - _net(owed_fen, scheme))


def _net(gross: Fens, scheme: ResidentScheme) -> Fens:
    """Before tax, half a fen up, as a plan's premium (`ResidentScheme.net_fen`)."""
    return _half_up(gross * PPM, PPM + scheme.vat_ppm)


def _half_up(amount: Fens, denominator: int | Fens) -> Fens:
    """Whole fen of amounts that are not negative; without a doubled product, which might not fit
    into 64 bits."""
    whole, rest = np.divmod(amount, denominator)
    found: Fens = whole + (rest >= denominator - denominator // 2)
    return found
