"""Writes on organisations, people and shares. Each is one transaction with its audit entry."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core import audit, clock, roles
from dinghai_platform.core.actors import Actor, actor_of_membership
from dinghai_platform.core.models import (
    Invitation,
    Membership,
    Organisation,
    Relation,
    SetupLink,
    Share,
    User,
)
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import TenantRow
from dinghai_platform.core.tokens import hash_of, live_setup_link, new_secret


@transaction.atomic
def set_up_site(
    secret: str, *, username: str, email: str, password: str, operator: str, insurer: str
) -> Membership:
    """Use the set-up link: the platform's organisation, its administrator, the first insurer.

    The administrator also administers the insurer. Raises Refusal when the link is unknown,
    used or over; InputError for a name or password that will not do.
    """
    link = live_setup_link(secret)
    # The condition, not the reading, decides between two who press the button at once.
    taken = SetupLink.objects.filter(pk=getattr(link, "pk", None), used_at=None).update(
        used_at=clock.machine_now()
    )
    if not taken:
        raise Refusal("this set-up link is unknown, used or over: start the site again")
    platform = audit.platform_organisation()
    platform.name_zh = operator.strip() or platform.name_zh
    platform.save(update_fields=("name_zh",))
    user = make_user(username=username, email=email, password=password)
    first = Membership.objects.create(
        user=user, organisation=platform, role=roles.PLATFORM_ADMIN
    )
    actor = actor_of_membership(first)
    audit.append(actor, "core.site_set_up", platform, {"administrator": username})
    if insurer.strip():
        tenant = create_organisation(
            kind=Organisation.Kind.INSURER, name_zh=insurer, actor=actor
        )
        add_member(user, tenant, roles.PLATFORM_ADMIN, actor=actor)
    return first


def make_user(*, username: str, email: str, password: str, full_name: str = "") -> User:
    """A person with a password that passes the rules. Raises InputError naming the field."""
    user = User(username=username.strip(), email=email.strip().lower(), full_name=full_name)
    try:
        user.set_password(password)
        user.full_clean()
        validate_password(password, user)
    except ValidationError as error:
        faults = getattr(error, "message_dict", {"password": error.messages})
        field, messages = next(iter(faults.items()))
        raise InputError(
            " ".join(messages), field=field, mend="choose another value"
        ) from error
    user.save(force_insert=True)
    return user


@transaction.atomic
def create_organisation(
    *,
    kind: str,
    name_zh: str,
    actor: Actor,
    name_en: str = "",
    credit_code: str | None = None,
) -> Organisation:
    """A new organisation. Tenants are made by the platform; others also by the insurers that
    deal with them. Raises InputError for an unknown kind, no name or a credit code in use."""
    is_tenant = kind in Organisation.TENANTS
    require(actor, "core.manage_tenants" if is_tenant else "core.introduce_organisation")
    organisation = Organisation(
        kind=kind, name_zh=name_zh.strip(), name_en=name_en.strip(), credit_code=credit_code or None
    )
    try:
        organisation.full_clean()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise InputError(" ".join(messages), field=field, mend="correct this field") from error
    organisation.save(force_insert=True)
    tenant = organisation if is_tenant else actor.own_tenant()
    audit.append(
        actor,
        "core.organisation_created",
        organisation,
        {"kind": kind, "name_zh": organisation.name_zh, "credit_code": credit_code},
        tenant=tenant,
    )
    return organisation


@transaction.atomic
def introduce_organisation(
    *, kind: str, name_zh: str, actor: Actor, name_en: str = "", credit_code: str | None = None
) -> Organisation:
    """An organisation the actor's tenant deals with: the one of this credit code, else a new one.

    A firm that several insurers know is one organisation; each tenant has its own relation.
    """
    require(actor, "core.introduce_organisation")
    found = None
    if credit_code:
        found = Organisation.objects.filter(credit_code=credit_code).first()
    organisation = found or create_organisation(
        kind=kind, name_zh=name_zh, name_en=name_en, credit_code=credit_code, actor=actor
    )
    relation, made = Relation.objects.within(actor.own_tenant()).get_or_create(
        tenant=actor.own_tenant(), organisation=organisation
    )
    if made:
        audit.append(
            actor, "core.relation_begun", relation, {"organisation": str(organisation.pk)}
        )
    return organisation


@transaction.atomic
def add_member(user: User, organisation: Organisation, role: str, *, actor: Actor) -> Membership:
    """Give a user a role in an organisation (again, if it was taken away)."""
    require(actor, "core.manage_members", organisation)
    roles.check_role(role)
    membership, made = Membership.objects.get_or_create(
        user=user, organisation=organisation, role=role
    )
    if not made and not membership.is_active:
        membership.is_active = True
        membership.save(update_fields=("is_active",))
    audit.append(
        actor,
        "core.member_added",
        membership,
        {"user": str(user.pk), "organisation": str(organisation.pk), "role": role},
    )
    return membership


@transaction.atomic
def end_membership(membership: Membership, *, actor: Actor) -> None:
    """Take a role away. Raises Refusal for the last administrator of the platform."""
    require(actor, "core.manage_members", membership.organisation)
    others = Membership.objects.filter(
        organisation=membership.organisation, role=roles.PLATFORM_ADMIN, is_active=True
    ).exclude(pk=membership.pk)
    is_last = (
        membership.organisation.kind == Organisation.Kind.PLATFORM
        and membership.role == roles.PLATFORM_ADMIN
        and not others.exists()
    )
    if is_last:
        raise Refusal("the platform keeps one administrator at least")
    membership.is_active = False
    membership.save(update_fields=("is_active",))
    audit.append(actor, "core.membership_ended", membership, {"role": membership.role})


@transaction.atomic
def invite(
    organisation: Organisation, *, email: str, role: str, actor: Actor
) -> tuple[Invitation, str]:
    """An invitation and its secret, which is shown once and not kept."""
    require(actor, "core.manage_members", organisation)
    roles.check_role(role)
    if actor.user is None:
        raise Refusal("an invitation comes from a person")
    secret = new_secret()
    invitation = Invitation.objects.create(
        organisation=organisation,
        role=role,
        email=email.strip().lower(),
        token_hash=hash_of(secret),
        invited_by=actor.user,
        expires_at=clock.machine_now() + timedelta(hours=settings.DINGHAI_INVITATION_HOURS),
    )
    audit.append(actor, "core.member_invited", invitation, {"role": role})
    return invitation, secret


def live_invitation(secret: str) -> Invitation | None:
    """The invitation of this secret if it can still be used."""
    return (
        Invitation.objects.select_related("organisation", "invited_by")
        .filter(
            token_hash=hash_of(secret),
            used_at=None,
            withdrawn_at=None,
            expires_at__gt=clock.machine_now(),
        )
        .first()
    )


@transaction.atomic
def accept_invitation(
    secret: str, *, username: str, password: str, full_name: str = "", user: User | None = None
) -> Membership:
    """Use an invitation: a new account, or the membership of ``user`` who is signed in.

    Raises Refusal when it is unknown, used or over; InputError for a name or password.
    """
    invitation = live_invitation(secret)
    taken = Invitation.objects.filter(
        pk=getattr(invitation, "pk", None), used_at=None, withdrawn_at=None
    ).update(used_at=clock.machine_now())
    if invitation is None or not taken:
        raise Refusal("this invitation is unknown, used or over; ask for a new one")
    if user is None:
        user = make_user(
            username=username, email=invitation.email, password=password, full_name=full_name
        )
    elif user.email.lower() != invitation.email:
        raise Refusal("this invitation is for another e-mail address")
    membership, _ = Membership.objects.get_or_create(
        user=user, organisation=invitation.organisation, role=invitation.role
    )
    Membership.objects.filter(pk=membership.pk).update(is_active=True)
    actor = actor_of_membership(membership)
    audit.append(actor, "core.invitation_accepted", invitation, {"user": str(user.pk)})
    return membership


@transaction.atomic
def share_row(row: TenantRow, organisation: Organisation, *, reason: str, actor: Actor) -> Share:
    """Show one row of the actor's tenant to one more organisation, with the reason on record."""
    require(actor, "core.share_row")
    if row.tenant_id != actor.own_tenant().pk:
        raise Refusal("only the tenant of a row shares it")
    if not reason.strip():
        raise InputError("a share needs its reason", field="reason", mend="say why")
    share, made = Share.objects.get_or_create(
        subject_type=row._meta.label_lower,
        subject_id=row.pk,
        organisation=organisation,
        defaults={"tenant": row.tenant, "reason": reason.strip()[:300]},
    )
    if made:
        audit.append(
            actor, "core.row_shared", row, {"with": str(organisation.pk), "reason": share.reason}
        )
    return share


@transaction.atomic
def end_share(row: TenantRow, organisation: Organisation, *, actor: Actor) -> None:
    """Stop showing a row to an organisation. What was seen until then stays on record."""
    require(actor, "core.share_row")
    if row.tenant_id != actor.own_tenant().pk:
        raise Refusal("only the tenant of a row ends its sharing")
    ended, _ = Share.objects.filter(
        subject_type=row._meta.label_lower, subject_id=row.pk, organisation=organisation
    ).delete()
    if ended:
        audit.append(actor, "core.share_ended", row, {"with": str(organisation.pk)})
