"""What the page of a chain shows of its programmes: those there are, or the way to open one."""

from __future__ import annotations

from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _

from dinghai_platform.chains.beside import Beside, BesideRow
from dinghai_platform.chains.models import SupplyChain
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import allowed
from dinghai_platform.programmes import queries
from dinghai_platform.programmes.models import Programme
from dinghai_platform.site.formats import day_text

MOST_SHOWN: Final = 8


def programmes_of_chain(actor: Actor, chain: SupplyChain) -> Beside | None:
    """The programmes of a chain in hand, the open ones first. None for who sees no programme."""
    if not allowed(actor, "programmes.view", chain):
        return None
    rows = list(queries.programmes(actor).filter(chain=chain).order_by("-state", "-id")[
        :MOST_SHOWN])
    none_open = not any(row.is_open for row in rows)
    may_open = none_open and chain.is_active and allowed(
        actor, "programmes.administer", chain)
    return Beside(
        _("Insurance programmes"), "umbrella", tuple(_row(row) for row in rows),
        _("This chain has no programme: its firms share no risk here yet."),
        _("Open a programme") if may_open else "",
        reverse("programmes:new", args=[chain.pk]) if may_open else "")


def _row(row: Programme) -> BesideRow:
    return BesideRow(
        row.name, reverse("programmes:programme", args=[row.pk]),
        f"{row.number} · {day_text(row.inception)} – {day_text(row.expiry)}", row.state_code)
