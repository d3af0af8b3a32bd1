"""Lists of a subsidy: given and looked through, taken or dropped, and their results."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p
from django.views.decorators.http import require_POST

from dinghai.foundation.errors import DinghaiError
from dinghai.foundation.money import yuan
from dinghai.schemes.subsidy_applications import columns_for
from dinghai.schemes.subsidy_carry import COLUMNS as GRANT_COLUMNS
from dinghai.schemes.subsidy_changes import COLUMNS as CHANGE_COLUMNS
from dinghai.schemes.subsidy_publication import OBJECTION_COLUMNS
from dinghai_platform.core.permissions import allowed, require
from dinghai_platform.core.web import csv_answer, page
from dinghai_platform.site.formats import is_chinese
from dinghai_platform.site.lists import Column, Filter, List, list_page
from dinghai_platform.site.words import state_word
from dinghai_platform.subsidies import queries
from dinghai_platform.subsidies.fault_words import fault_row
from dinghai_platform.subsidies.forms import ListForm
from dinghai_platform.subsidies.models import FileList
from dinghai_platform.subsidies.rule_files import kept_rule
from dinghai_platform.subsidies.services import lists as services
from dinghai_platform.subsidies.views.frame import done, faults_of, frame_of, in_hand
from dinghai_platform.subsidies.words import KINDS, said_reasons, word

MOST_SHOWN: Final = 200


def _list(row: Any) -> List:
    return List(
        name=_("Lists"),
        columns=(
            Column(_("File"), lambda one: one.file_name, "link", "file_name",
                   lambda one: reverse("subsidies:list", args=[one.pk])),
            Column(_p("list", "Kind"), lambda one: one.get_kind_display(), sort="kind"),
            Column(_("State"), lambda one: one.state_code, "status", "state"),
            Column(_("Rows"), lambda one: one.rows, "count", "rows"),
            Column(_p("list", "Entries"), lambda one: one.added, "count", "added"),
            Column(_("Rejected"), lambda one: one.rejected, "count", "rejected"),
            Column(_p("list", "Given"), lambda one: one.created_at, "moment", "created_at"),
            Column(_p("list", "By"), lambda one: one.given_by or "—"),
        ),
        filters=(Filter("kind", _p("list", "Kind"), FileList.Kind.choices),
                 Filter("state", _("State"), FileList.State.choices)),
        search=("file_name__icontains",), export=f"lists-{row.code}",
        empty={"title": _("No list yet"),
               "text": _("Give a list: it is looked through first, and nothing is written until "
                         "you take it."), "icon": "upload", "href": "", "action": ""})


@page("subsidies.view_register")
def lists(request: HttpRequest, key: UUID) -> HttpResponse:
    """The lists of a subsidy, and giving one."""
    row = in_hand(request, key)
    form, faults = ListForm(), list[dict[str, Any]]()
    if request.method == "POST":
        row = in_hand(request, key, "administer")
        form = ListForm(request.POST, request.FILES)
        if form.is_valid():
            data = form.cleaned_data
            try:
                made = services.check_list(row, data["kind"], data["file"].read(),
                                           data["file"].name, actor=request.actor)
            except DinghaiError as error:
                faults = faults_of(error)
            else:
                return redirect("subsidies:list", key=made.pk)
    context = {**frame_of(request, row, "lists"), "form": form, "faults": faults,
               "kinds": FileList.Kind.choices}
    answer = list_page(request, queries.lists_of(row), _list(row),
                       template="subsidies/lists.html", context=context)
    if request.method == "POST":
        answer.status_code = 400
    return answer


@page("subsidies.view_register")
def one(request: HttpRequest, key: UUID) -> HttpResponse:
    """One list: what it adds, every rejected row, and taking it."""
    row = _one(request, key, "view_register")
    result = row.result
    rule = kept_rule(queries.rule_in_force(row.subsidy)).rule
    decisions = [{**each, "state": f"subsidy_{each['outcome']}",
                  "said": said_reasons(rule, each["reasons"])}
                 for each in result["decisions"][:MOST_SHOWN]]
    rejected = [fault_row(each) for each in result["rejected"][:MOST_SHOWN]]
    return render(request, "subsidies/list.html", {
        **frame_of(request, row.subsidy, "lists"), "row": row, "result": result,
        "decisions": decisions, "rejected": rejected,
        "unchanged": result["unchanged"][:MOST_SHOWN],
        "more_unchanged": max(len(result["unchanged"]) - MOST_SHOWN, 0),
        "counts": [(f"subsidy_{state}", count) for state, count in result["counts"].items()],
        "lines": [{**each, "what": word(KINDS, each.get("change") or each["kind"])}
                  for each in result["lines"][:MOST_SHOWN]],
        "more": max(len(result["decisions"]) - MOST_SHOWN, 0),
        "is_checked": row.state_code == "list_checked" or row.state_code in (
            "failed", "cancelled"),
        "may_take": allowed(request.actor, "subsidies.administer", row) and row.added})


@page("subsidies.view_register")
def results(request: HttpRequest, key: UUID) -> HttpResponse:
    """What becomes of every row, as CSV: decided, in the register before, or rejected, with
    the reason and the mend."""
    row = _one(request, key, "view_register")
    rule = kept_rule(queries.rule_in_force(row.subsidy)).rule
    heading = [_("Line of the file"), _p("application", "Number"), _p("application", "Firm"),
               _("State"), _p("application", "Granted"), _("What is wrong"), _("How to mend it")]
    rows: list[list[Any]] = []
    for each in row.result["decisions"]:
        said = said_reasons(rule, each["reasons"])
        rows.append(["", each["number"], each["name"],
                     _outcome(each["outcome"]), yuan(each["granted_fen"]),
                     "; ".join(reason.text for reason in said),
                     "; ".join(reason.mend for reason in said if reason.mend)])
    rows += [["", number, "", _("Stands as it was"), "", "", ""]
             for number in row.result["unchanged"]]
    for each in map(fault_row, row.result["rejected"]):
        rows.append([each["line"], "", "", _("Rejected"), "",
                     f"{each['field']}: {each['message']}", each["mend"]])
    return csv_answer("results", heading, rows)


def _outcome(code: str) -> str:
    """An outcome in words."""
    return str(state_word(f"subsidy_{code}").label)


@require_POST
@page("subsidies.administer")
def take(request: HttpRequest, key: UUID) -> HttpResponse:
    """Take a list that was looked through."""
    row = _one(request, key, "administer")
    done(request, lambda: services.start_taking(
        row, actor=request.actor, all_or_nothing="all" in request.POST),
        _("The list is being taken: what the register says then decides."))
    return redirect("subsidies:list", key=row.pk)


@require_POST
@page("subsidies.administer")
def drop(request: HttpRequest, key: UUID) -> HttpResponse:
    """Give a list up."""
    row = _one(request, key, "administer")
    done(request, lambda: services.drop_list(row, actor=request.actor),
         _("The list was dropped: nothing of it was written."))
    return redirect("subsidies:lists", key=row.subsidy_id)


@page("subsidies.view_register")
def template(request: HttpRequest, key: UUID, kind: str) -> HttpResponse:
    """The columns of a kind of list, as a CSV to start from."""
    row = in_hand(request, key)
    own = columns_for(kept_rule(queries.rule_in_force(row)).rule)
    columns = {FileList.Kind.APPLICATIONS: own, FileList.Kind.EARLIER: (*own, *GRANT_COLUMNS),
               FileList.Kind.CHANGES: CHANGE_COLUMNS,
               FileList.Kind.OBJECTIONS: OBJECTION_COLUMNS}.get(kind)  # type: ignore[call-overload]
    if columns is None:
        raise Http404("no such list")
    heading = [one.names[0] if is_chinese() and one.names else one.id for one in columns]
    return csv_answer(f"{kind}-template", heading, [])


def _one(request: HttpRequest, key: UUID, permission: str) -> FileList:
    row = queries.file_list(request.actor, key)
    require(request.actor, f"subsidies.{permission}", row)
    return row

