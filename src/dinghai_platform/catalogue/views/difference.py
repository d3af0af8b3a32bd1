"""Two versions, or two products, clause by clause."""

from __future__ import annotations

from collections import Counter

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from dinghai_platform.catalogue import difference_view as view
from dinghai_platform.catalogue.offers import offer_of, offers
from dinghai_platform.catalogue.views.comparison import grouped, json_answer
from dinghai_platform.core.web import csv_answer, page


@page("catalogue.compare")
def difference(request: HttpRequest) -> HttpResponse:
    """What the new wording has, lacks or says otherwise; the choice while two are not named."""
    actor = request.actor
    old_key, new_key = request.GET.get("old", ""), request.GET.get("new", "")
    context = {"groups": grouped(offers(actor)), "old_key": old_key, "new_key": new_key}
    if not old_key or not new_key:
        return render(request, "catalogue/difference.html", context)
    old, new = offer_of(actor, old_key), offer_of(actor, new_key)
    if request.GET.get("export") == "json":
        return json_answer(view.difference_dict(old, new), "difference.json")
    changes = view.changes_of(old, new)
    parts = view.parts_of(changes)
    if request.GET.get("export") == "csv":
        heading = [_("Part"), _("Clause"), _("Name"), _("Change"), _("Field"), _("Before"),
                   _("After")]
        return csv_answer("difference", heading, (
            [part["name"], clause["clause"], clause["name"], row["kind"], row["field"],
             row["old"], row["new"]]
            for part in parts for clause in part["clauses"] for row in clause["rows"]))
    counts = Counter(one.kind for one in changes)
    return render(request, "catalogue/difference.html", {
        **context, "old": old, "new": new, "parts": parts, "total": len(changes),
        "counts": {kind: counts[kind] for kind in ("added", "removed", "changed")},
    })
