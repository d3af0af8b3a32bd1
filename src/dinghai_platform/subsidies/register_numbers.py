"""What a register calls a policy here and what happened to it: insurers count each for themselves,
so that a number alone would take two insurers' policies for one."""

from __future__ import annotations

from dinghai_platform.subsidies.contracts import Contract


def register_number(policy: Contract) -> str:
    """The policy's number for a register."""
    return f"{policy.policy_no.upper()}@{_insurer(policy)}"


def number_in_register(own: str, policy: Contract) -> str:
    """The number of what happened to a policy, as the register knows it."""
    return f"{own}@{_insurer(policy)}"[:64]


def _insurer(policy: Contract) -> str:
    return policy.tenant.credit_code or policy.tenant_id.hex[-12:].upper()
