"""What the page of a product shows: the firms that hold it, how that is known, how often it is
exploited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p
from django.utils.translation import pgettext_lazy

from dinghai.foundation.errors import InputError
from dinghai.supplychain.chain import Chain
from dinghai.supplychain.held_products import held_products
from dinghai_platform.catalogue.queries import kev_of
from dinghai_platform.chains.nodes import Node
from dinghai_platform.chains.queries import Choice
from dinghai_platform.chains.words import ASSET_KINDS, word
from dinghai_platform.site.formats import UNKNOWN, day_text

KNOWN_BY: Final[Mapping[str, Any]] = {
    "product": pgettext_lazy("product", "named among the asset's software"),
    "finding": pgettext_lazy("product", "a finding of the asset tells it"),
}


def product_view(choice: Choice, chain: Chain, node: Node, rows: Mapping[str, Node]
                 ) -> dict[str, Any]:
    """The product by the threat tables of the run that found its events."""
    assert choice.run is not None and choice.run.kev_as_of is not None
    try:
        table = kev_of(choice.run.tenant, choice.run.kev_as_of)
    except InputError:  # a table that nobody keeps any more
        return {"facts": []}
    held = next((one for one in held_products(chain, table) if one.id == node.id), None)
    if held is None:
        return {"facts": []}
    assets = {(one.firm, one.id): one for one in chain.assets}

    def kind_of(firm: str, asset: str) -> str:
        found = assets.get((firm, asset))
        return word(ASSET_KINDS, found.kind) if found is not None else UNKNOWN

    return {
        "facts": [
            (_p("product", "Vendor"), held.vendor, ""),
            (_p("product", "Product"), held.product, ""),
            (_p("product", "Firms that hold it"), f"{len(held.firms):,}", ""),
            (_p("product", "Vulnerabilities exploited in the last years"), f"{held.exploited:,}",
             ""),
            (_p("product", "Exploited at scale a year"), f"{held.a_year:.3f}", ""),
            (_("Known exploited vulnerabilities as of"), day_text(table.as_of), "")],
        "holders": [(rows[one.firm], one.asset, kind_of(one.firm, one.asset),
                     word(KNOWN_BY, one.known_by)) for one in held.holders]}
