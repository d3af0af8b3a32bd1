"""The people and organisations of the simulated market."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from dinghai_platform.core import audit
from dinghai_platform.core.actors import Actor, actor_of_membership, system_actor
from dinghai_platform.core.models import Membership, Organisation, Relation, User

INSURED_ROLES = ("insured_admin", "insured_security", "insured_finance")
STAFF = {
    "underwriter": 2,
    "chief_underwriter": 1,
    "claims_handler": 2,
    "claims_approver": 2,
    "claims_payment": 2,
    "actuary": 1,
    "compliance": 1,
    "product_manager": 1,
    "auditor": 1,
}


@dataclass
class Cast:
    """Everybody, by organisation and role."""

    insurer: Organisation
    foreign: Organisation
    insured: list[Organisation]
    stranger: Organisation
    provider: Organisation
    adjuster: Organisation
    mediator: Organisation
    actors: dict[tuple[str, str], list[Actor]] = field(default_factory=dict)

    @property
    def system(self) -> Actor:
        """The house inside the insurer."""
        return system_actor(self.insurer)

    def of(self, role: str, home: Organisation, random: Random) -> Actor:
        """Somebody in a role at an organisation."""
        return random.choice(self.actors[str(home.pk), role])

    def first(self, role: str, home: Organisation) -> Actor:
        """The first in a role at an organisation."""
        return self.actors[str(home.pk), role][0]

    def hire(self, role: str, home: Organisation, user: User | None = None) -> Actor:
        """One more membership, of a new person or of one who has another role already."""
        if user is None:
            name = f"{role}-{User.objects.count() + 1}"
            user = User.objects.create(
                username=name, email=f"{name}@example.org", full_name=name)
        made = Membership.objects.create(user=user, organisation=home, role=role)
        actor = actor_of_membership(made)
        self.actors.setdefault((str(home.pk), role), []).append(actor)
        return actor

    def as_role(self, actor: Actor, role: str) -> Actor:
        """The same person in another role of the same organisation."""
        made, _ = Membership.objects.get_or_create(
            user=actor.user, organisation=actor.organisation, role=role)
        return actor_of_membership(made)


def make_cast(enterprises: int) -> Cast:
    """One insurer with its staff, a foreign one, the insured and the partners."""
    audit.platform_organisation()
    kinds = Organisation.Kind

    def organisation(kind: str, name: str) -> Organisation:
        return Organisation.objects.create(kind=kind, name_zh=name, name_en=f"{kind} {name}")

    cast = Cast(
        insurer=organisation(kinds.INSURER, "沧澜财产保险"),
        foreign=organisation(kinds.INSURER, "远岸财产保险"),
        insured=[organisation(kinds.INSURED, f"企业{number}") for number in range(enterprises)],
        stranger=organisation(kinds.INSURED, "路人企业"),
        provider=organisation(kinds.PROVIDER, "磐石网络安全"),
        adjuster=organisation(kinds.ADJUSTER, "顺衡保险公估"),
        mediator=organisation(kinds.MEDIATOR, "调解中心"),
    )
    for home in (cast.insurer, cast.foreign):
        for role, count in STAFF.items():
            for _ in range(count):
                cast.hire(role, home)
    for home in (*cast.insured, cast.stranger):
        for role in INSURED_ROLES:
            cast.hire(role, home)
    cast.hire("ir_lead", cast.provider)
    cast.hire("loss_adjuster", cast.adjuster)
    cast.hire("arbiter", cast.mediator)
    for home in (*cast.insured, cast.provider, cast.adjuster, cast.mediator):
        Relation.objects.create(tenant=cast.insurer, organisation=home)
    Relation.objects.create(tenant=cast.foreign, organisation=cast.stranger)
    return cast
