"""One-time links and bearer tokens: made once, shown once, kept as hashes."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta

import rules
from django.conf import settings
from django.db import transaction

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor, actor_of_membership
from dinghai_platform.core.models import ApiToken, Membership, SetupLink, User
from dinghai_platform.core.permissions import require

BEARER_PREFIX = "dh_"
LONGEST_TOKEN_DAYS = 366


def new_secret(prefix: str = "") -> str:
    """256 random bits as text: no hash of it can be guessed back."""
    return prefix + secrets.token_urlsafe(32)


def hash_of(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def needs_setup() -> bool:
    """Whether the site has nobody yet who could sign in."""
    return not User.objects.filter(is_active=True).exists()


@transaction.atomic
def new_setup_link() -> str:
    """The secret of a fresh set-up link; links made before stop working.

    Raises Refusal when the site has its administrator.
    """
    if not needs_setup():
        raise Refusal("this site is set up already")
    secret = new_secret()
    SetupLink.objects.filter(used_at=None).delete()
    SetupLink.objects.create(
        token_hash=hash_of(secret),
        expires_at=clock.machine_now() + timedelta(hours=settings.DINGHAI_SETUP_LINK_HOURS),
    )
    return secret


def live_setup_link(secret: str) -> SetupLink | None:
    """The link of this secret if it can still be used."""
    return SetupLink.objects.filter(
        token_hash=hash_of(secret), used_at=None, expires_at__gt=clock.machine_now()
    ).first()


@transaction.atomic
def issue_token(
    membership: Membership, *, name: str, scopes: Iterable[str], days: int, actor: Actor
) -> tuple[ApiToken, str]:
    """A bearer token for one's own membership, and its secret, which is not kept.

    ``scopes`` are permissions ("ledger.view", "ledger.*", "*"). Raises InputError for a scope
    that no room declares or a life outside 1 to 366 days.
    """
    require(actor, "core.own_tokens")
    if actor.scopes is not None:
        raise Refusal("a token cannot make another token")
    if actor.user is None or membership.user_id != actor.user.pk:
        raise Refusal("a token is made by the member it speaks for")
    wanted = sorted(set(scopes))
    _check_scopes(wanted)
    if not 1 <= days <= LONGEST_TOKEN_DAYS:
        raise InputError(
            f"a token lives 1 to {LONGEST_TOKEN_DAYS} days", field="days", mend="shorten it"
        )
    secret = new_secret(BEARER_PREFIX)
    token = ApiToken.objects.create(
        membership=membership,
        name=name[:100],
        head=secret[:8],
        token_hash=hash_of(secret),
        scopes=wanted,
        expires_at=clock.machine_now() + timedelta(days=days),
    )
    audit.append(actor, "core.token_issued", token, {"name": token.name, "scopes": wanted})
    return token, secret


def _check_scopes(wanted: list[str]) -> None:
    if not wanted:
        raise InputError("a token needs at least one scope", field="scopes", mend='give "*"')
    known = set(rules.permissions.permissions)
    rooms = {name.split(".", 1)[0] for name in known}
    for scope in wanted:
        room, _, verb = scope.partition(".")
        if scope == "*" or scope in known or (verb == "*" and room in rooms):
            continue
        raise InputError(
            f"{scope!r} is not a permission of this site",
            field="scopes",
            mend="choose from: " + ", ".join(sorted(known)),
        )


@transaction.atomic
def revoke_token(token: ApiToken, *, actor: Actor) -> None:
    """End one's own token at once."""
    require(actor, "core.own_tokens")
    if actor.user is None or token.membership.user_id != actor.user.pk:
        raise Refusal("only its owner revokes a token")
    if token.revoked_at is None:
        token.revoked_at = clock.machine_now()
        token.save(update_fields=("revoked_at",))
        audit.append(actor, "core.token_revoked", token, {"name": token.name})


def actor_of_token(secret: str, *, request_id: str) -> Actor | None:
    """The actor a bearer token speaks for; None when it is unknown, over or revoked."""
    if not secret.startswith(BEARER_PREFIX):
        return None
    now = clock.machine_now()
    token = (
        ApiToken.objects.select_related("membership__user", "membership__organisation")
        .filter(
            token_hash=hash_of(secret),
            revoked_at=None,
            expires_at__gt=now,
            membership__is_active=True,
            membership__user__is_active=True,
            membership__organisation__is_active=True,
        )
        .first()
    )
    if token is None:
        return None
    if token.last_used_at is None or now - token.last_used_at > timedelta(minutes=5):
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return actor_of_membership(
        token.membership, request_id=request_id, scopes=frozenset(token.scopes)
    )
