"""What the verbs on small firms share: in whose books, by which channel, who else sees it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import date, timedelta
from typing import Final

from django.core.exceptions import PermissionDenied

from dinghai.foundation.errors import InputError
from dinghai_platform.chains.services.common import insurers_of
from dinghai_platform.core import clock
from dinghai_platform.core.actors import Actor, system_actor
from dinghai_platform.core.models import Organisation, Relation
from dinghai_platform.core.tenancy import scope_of
from dinghai_platform.small_firms.models import Firm
from dinghai_platform.small_firms.rules import LINK

LONGEST_REASON: Final = 2_000
VALID_DAYS: Final = 30
FARTHEST_DAYS: Final = 60


def home_of(actor: Actor, insurer: Organisation | None = None) -> Organisation:
    """The insurer in whose books an actor works. Raises InputError where several are possible and
    none is named, PermissionDenied for one that the actor does not deal with."""
    known = insurers_of(actor)
    if insurer is not None:
        if insurer not in known:
            raise PermissionDenied("small_firms.start")
        return insurer
    if len(known) != 1:
        raise InputError("it is not said which insurer is asked", field="insurer",
                         mend="choose one of the insurers you deal with")
    return known[0]


def books_of(actor: Actor, tenant: Organisation) -> AbstractContextManager[None]:
    """The database answers for this insurer while an actor of whatever house writes there."""
    return scope_of(actor, tenant=tenant)


def house_of(tenant: Organisation, actor: Actor) -> Actor:
    """The house inside the insurer, for what follows from somebody's deed: postings and files."""
    return system_actor(tenant, request_id=actor.request_id)


def channel_of(actor: Actor) -> str:
    """By which channel a firm comes."""
    if actor.role == LINK:
        return Firm.Channel.LINK
    if actor.tenant is not None:
        return Firm.Channel.INSURER
    return Firm.Channel.BROKER if actor.role == "broker" else Firm.Channel.OWN


def broker_of(actor: Actor) -> Organisation | None:
    """The broker whose row it becomes."""
    return actor.organisation if channel_of(actor) == Firm.Channel.BROKER else None


def known_firm(tenant: Organisation, credit_code: str) -> Organisation | None:
    """The organisation of a credit code that an insurer deals with."""
    relation = Relation.objects.within(tenant).filter(
        organisation__credit_code=credit_code).select_related("organisation").first()
    return relation.organisation if relation is not None and credit_code else None


def given_reason(reason: str) -> str:
    """A reason that says something. Raises InputError without one."""
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON or "\0" in reason:
        raise InputError("this step needs its reason in at most 2,000 characters",
                         field="reason", mend="say why")
    return reason


def first_day(inception: date | None) -> date:
    """The first day of cover. Raises InputError for one that has come or is too far."""
    today = clock.today()
    day = inception or today + timedelta(days=1)
    if not today < day <= today + timedelta(days=FARTHEST_DAYS):
        raise InputError("the first day of cover is not within reach", field="inception",
                         mend="choose tomorrow or a day of the next two months")
    return day
