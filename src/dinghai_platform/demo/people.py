"""The organisations and people of the demonstration, made through the core's services."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from dinghai.vocabulary.roles import roles
from dinghai_platform.core import services
from dinghai_platform.core.actors import Actor, actor_of_membership
from dinghai_platform.core.models import Membership, Organisation
from dinghai_platform.core.tokens import new_setup_link

_LETTERS = "bcdfghjkmnpqrstvwxyz23456789"


@dataclass(frozen=True, slots=True)
class Person:
    """One demonstration user: name, organisation and role, with the password shown once."""

    username: str
    password: str
    full_name: str
    membership: Membership

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        role = roles()[self.membership.role]
        organisation = self.membership.organisation
        return {
            "username": self.username, "password": self.password, "full_name": self.full_name,
            "organisation_zh": organisation.name_zh,
            "organisation_en": organisation.name_en or organisation.name_zh,
            "role": self.membership.role, "role_zh": role.name_zh, "role_en": role.name_en,
        }


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody who takes part."""

    insurer: Organisation
    insured: Organisation
    provider: Organisation
    adjuster: Organisation
    regulator: Organisation
    chain_owner: Organisation
    park: Organisation
    people: tuple[Person, ...]

    def actor(self, role: str) -> Actor:
        """The first person in a role."""
        for person in self.people:
            if person.membership.role == role:
                return actor_of_membership(person.membership)
        raise LookupError(role)

    def actors(self, role: str) -> list[Actor]:
        """Everybody in a role, in order."""
        return [actor_of_membership(one.membership) for one in self.people
                if one.membership.role == role]


def new_password() -> str:
    """Twelve letters in three groups: easy to type, impossible to guess."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))


def make_cast() -> Cast:
    """Set up the site, its insurer and everybody the story needs."""
    password = new_password()
    first = services.set_up_site(
        new_setup_link(), username="admin", email="admin@demo.example", password=password,
        operator="定海演示平台", insurer="")
    platform = actor_of_membership(first)
    insurer = services.create_organisation(
        kind=Organisation.Kind.INSURER, name_zh="沧澜财产保险", name_en="Canglan P&C",
        actor=platform)
    at_insurer = services.add_member(first.user, insurer, "platform_admin", actor=platform)
    inside = actor_of_membership(at_insurer)
    kinds = Organisation.Kind

    def introduce(kind: str, zh: str, en: str) -> Organisation:
        return services.introduce_organisation(kind=kind, name_zh=zh, name_en=en, actor=inside)

    insured = introduce(kinds.INSURED, "东海家电股份有限公司", "Donghai Home Appliances")
    provider = introduce(kinds.PROVIDER, "磐石网络安全服务", "Panshi Security Services")
    adjuster = introduce(kinds.ADJUSTER, "顺衡保险公估", "Shunheng Loss Adjusters")
    regulator = introduce(kinds.REGULATOR, "金融监管机构（演示）", "Supervisor (demonstration)")
    authority = introduce(kinds.REGULATOR, "工信主管部门（演示）", "Industry authority (demo)")
    chain_owner = introduce(kinds.CHAIN_OWNER, "海悦电器集团股份有限公司",
                            "Haiyue Appliances Group")
    park = introduce(kinds.PARK, "望舒产业园运营管理有限公司", "Wangshu Park Operations")
    people = [Person("admin", password, "", at_insurer)]
    for username, full_name, organisation, role in (
        ("underwriter", "林核", insurer, "underwriter"),
        ("chief", "周承", insurer, "chief_underwriter"),
        ("handler", "沈理", insurer, "claims_handler"),
        ("approver", "顾审", insurer, "claims_approver"),
        ("payer", "吴付", insurer, "claims_payment"),
        ("actuary", "陆算", insurer, "actuary"),
        ("compliance", "许规", insurer, "compliance"),
        ("auditor", "郑稽", insurer, "auditor"),
        ("donghai", "李东", insured, "insured_admin"),
        ("donghai-ciso", "王安", insured, "insured_security"),
        ("panshi", "赵磐", provider, "ir_lead"),
        ("shunheng", "孙衡", adjuster, "loss_adjuster"),
        ("regulator", "何监", regulator, "regulator_nfra"),
        ("gongxin", "钱工", authority, "regulator_miit"),
        ("gongxin-2", "冯信", authority, "regulator_miit"),
        ("haiyue", "方海", chain_owner, "chain_owner"),
        ("wangshu", "钟园", park, "park_operator"),
    ):
        people.append(_person(username, full_name, organisation, role, platform))
    return Cast(insurer, insured, provider, adjuster, regulator, chain_owner, park,
                tuple(people))


def _person(
    username: str, full_name: str, organisation: Organisation, role: str, platform: Actor
) -> Person:
    """Invite somebody and accept in their name, as they would with the link."""
    password = new_password()
    _invitation, secret = services.invite(
        organisation, email=f"{username}@demo.example", role=role, actor=platform)
    membership = services.accept_invitation(
        secret, username=username, password=password, full_name=full_name)
    return Person(username, password, full_name, membership)
