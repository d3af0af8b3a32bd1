"""The roles of the vocabulary, by the names the rules of this package use."""

from __future__ import annotations

from django.utils.translation import get_language

from dinghai.foundation.errors import InputError
from dinghai.vocabulary.roles import roles as vocabulary_roles

PLATFORM_ADMIN = "platform_admin"
AUDITOR = "auditor"
REGULATORS = ("regulator_miit", "regulator_nfra")
UNDERWRITING = ("underwriter", "chief_underwriter")
CLAIMS = ("claims_handler", "claims_approver", "claims_payment")
INSURER_STAFF = (
    *UNDERWRITING,
    *CLAIMS,
    "actuary",
    "product_manager",
    "compliance",
    PLATFORM_ADMIN,
    AUDITOR,
)
INSURED = ("insured_admin", "insured_security", "insured_finance")


def check_role(role: str) -> str:
    """The role itself. Raises InputError when the vocabulary does not know it."""
    if role not in vocabulary_roles():
        raise InputError(
            f"{role!r} is not a role",
            field="role",
            mend="choose one of " + ", ".join(sorted(vocabulary_roles())),
        )
    return role


def role_name(role: str) -> str:
    """A role's name in the language of the page."""
    known = vocabulary_roles().get(role)
    if known is None:
        return role
    return known.name_en if get_language() == "en" else known.name_zh


def role_choices() -> list[tuple[str, str]]:
    """Every role with its name, for a form."""
    return [(role, role_name(role)) for role in vocabulary_roles()]
