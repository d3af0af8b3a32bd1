"""The policy by which a product is compared: every product with the same limit and deductible."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import msgspec

from dinghai.assessment.profile import Profile
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.money import Fen
from dinghai.pricing.quote import draft_schedule, priced_policy
from dinghai.wording.policy import Policy, scheduled_layers
from dinghai.wording.schema import Product

KEY_SUPPLIER = "key-supplier"
"""The supplier that stops in the standard scenarios; every schedule names it."""


@dataclass(frozen=True, slots=True)
class ComparedPolicy:
    """A product bound for comparison, and where it could not be what was asked for.

    ``adjusted`` maps ``aggregate_limit_fen`` or ``event_deductible_fen`` to the amount wanted: the
    product's own bounds brought it to what the schedule shows.
    """

    policy: Policy
    adjusted: dict[str, Fen]

    @property
    def product(self) -> Product:
        """The product."""
        return self.policy.product


def compared_policy(
    product: Product, profile: Profile, *, inception: date, limit_fen: Fen, deductible_fen: Fen
) -> ComparedPolicy:
    """One year of the product with all its optional sections, every term explained.

    Limit and deductible are brought inside the product's bounds. Raises InputError, which names
    the product, where no policy can be made of it.
    """
    limits = product.limits
    limit = min(max(limit_fen, limits.aggregate_minimum_fen), limits.aggregate_maximum_fen)
    deductible = min(max(deductible_fen, limits.deductible_minimum_fen),
                     limits.deductible_maximum_fen)
    wanted = {"aggregate_limit_fen": (limit_fen, limit),
              "event_deductible_fen": (deductible_fen, deductible)}
    schedule = draft_schedule(profile, product, inception=inception, limit_fen=limit,
                              deductible_fen=deductible)
    schedule = msgspec.structs.replace(
        schedule,
        layers=schedule.layers or scheduled_layers(product, limit),
        suppliers=(KEY_SUPPLIER,),
        retroactive_date=_retroactive(product, profile, inception))
    try:
        policy = priced_policy(product, schedule, inception)
    except InputError as error:
        raise InputError.of(Fault(f"{product.product_id}: {one.message}", one.file, one.line,
                                  one.field, one.mend) for one in error.faults) from error
    return ComparedPolicy(policy, {name: asked for name, (asked, used) in wanted.items()
                                   if asked != used})


def _retroactive(product: Product, profile: Profile, inception: date) -> date | None:
    """By the product's own rule; a date that is to be agreed is the one wanted, or inception."""
    match product.basis.retroactive:
        case "inception":
            return inception
        case "date":
            return profile.limits_wanted.retroactive_date or inception
    return None
