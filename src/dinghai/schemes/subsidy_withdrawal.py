"""A firm takes its application back: before anything is paid, and once."""

from __future__ import annotations

from datetime import date

from dinghai.foundation.errors import Refusal
from dinghai.schemes.subsidy_register import Register, Withdrawn
from dinghai.schemes.subsidy_rule import RuleText
from dinghai.schemes.subsidy_standing import Standing


def withdraw(
    text: RuleText, register: Register, application: str, *, day: date, why: str = ""
) -> Withdrawn | None:
    """The entry that takes an application back; None where the firm has done so before.

    What was granted is free again as the rule has it for freed budget. Raises Refusal for an
    application that is not live, and for one that was paid: money that was paid goes back as a
    return, so that it can be followed.
    """
    case = Standing(text.rule, register.entries).cases[application]
    if case.given_up:
        return None
    if case.paid_fen:
        raise Refusal("this application was paid, and is not withdrawn any more",
                      reasons=["return the subsidy, and have the authority note that it came back"])
    if not case.live:
        raise Refusal("there is nothing to withdraw: this application was refused, or its grant "
                      "was taken away", reasons=["look at its reasons"])
    return Withdrawn(day=day, application=application, text=why)
