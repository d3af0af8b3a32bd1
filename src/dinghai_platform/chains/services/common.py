"""What the verbs on chains share: reasons, names of files, and in whose books they write."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from django.core.exceptions import PermissionDenied

from dinghai.foundation.errors import InputError
from dinghai_platform.chains.models import SupplyChain
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation, Relation

LONGEST_REASON: Final = 2_000
LONGEST_NOTE: Final = 500


def given_reason(reason: str) -> str:
    """A reason that says something. Raises InputError without one."""
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise InputError("this step needs its reason in at most 2,000 characters",
                         field="reason", mend="say why")
    return reason


def file_name(name: str) -> str:
    """The plain name of an uploaded file. Raises InputError for one that is none."""
    plain = Path(name.replace("\\", "/")).name.strip()
    if not plain or len(plain) > 200 or not plain.isprintable() or plain in {".", ".."}:
        raise InputError("the file has no usable name", field="file", mend="rename the file")
    return plain


def insurers_of(actor: Actor) -> list[Organisation]:
    """The insurers in whose books an actor may begin a chain."""
    if actor.tenant is not None:
        return [actor.tenant]
    relations = Relation.objects.visible_to(actor).filter(
        organisation=actor.organisation).select_related("tenant").order_by("id")
    return [one.tenant for one in relations]


def home_of(
    actor: Actor, chain: SupplyChain | None, *, insurer: Organisation | None = None,
    owner: Organisation | None = None,
) -> tuple[Organisation, Organisation | None]:
    """The insurer whose row a new import becomes, and the chain owner who sees it.

    Raises InputError where a chain owner deals with several insurers and names none,
    PermissionDenied for an insurer or an owner that the actor does not deal with.
    """
    if chain is not None:
        return chain.tenant, chain.owner
    if actor.tenant is not None:
        if owner is not None and not Relation.objects.within(actor.tenant).filter(
                organisation=owner).exists():
            raise PermissionDenied("chains.import")
        return actor.tenant, owner
    known = insurers_of(actor)
    if insurer is not None:
        if insurer not in known:
            raise PermissionDenied("chains.import")
        return insurer, actor.organisation
    if len(known) != 1:
        raise InputError("it is not said to which insurer the chain is shown", field="insurer",
                         mend="choose one of the insurers you deal with")
    return known[0], actor.organisation
