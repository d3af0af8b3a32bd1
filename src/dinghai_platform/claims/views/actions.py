"""The deeds a person may do on an incident or a claim: each one form, one service, one sentence.

A deed shows on its own small page (it works without script and on a telephone); what it will do
stands above the form.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dinghai.foundation.errors import DinghaiError
from dinghai_platform.claims import forms, queries, services
from dinghai_platform.claims.models import Claim, Incident
from dinghai_platform.claims.reading import certain_of, try_decision
from dinghai_platform.claims.steps import check_step
from dinghai_platform.claims.views.previews import (
    certain_preview,
    decision_preview,
    interim_preview,
    pay_preview,
    request_preview,
)
from dinghai_platform.claims.words import CLAIM_VERBS, INCIDENT_VERBS
from dinghai_platform.core import clock
from dinghai_platform.core.forms import show_error
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import visible_or_404
from dinghai_platform.core.web import page
from dinghai_platform.site.formats import money_text

Row = Any
Run = Callable[[Row, django_forms.Form, HttpRequest], Any]
MakeForm = Callable[[HttpRequest, Row], django_forms.Form]


@dataclass(frozen=True, slots=True)
class Deed:
    """One deed: its form, what it runs, what is said before and after."""

    form: MakeForm
    run: Run
    lead: Any = ""
    done: Any = ""
    label: Any = ""
    permission: str = ""
    shows: Callable[[Row], dict[str, Any]] | None = None
    danger: bool = False


def plain(form: type[django_forms.Form], **initial: Callable[[Row], Any]) -> MakeForm:
    """A form without choices of its own; ``initial`` computes first values from the row."""

    def make(request: HttpRequest, row: Row) -> django_forms.Form:
        first = {name: of(row) for name, of in initial.items()}
        if request.method == "POST":
            return form(request.POST, request.FILES, initial=first)
        return form(initial=first)

    return make


def _post(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


# --- deeds on a claim ----------------------------------------------------------------------------


def _with(service: Callable[..., Any], **names: str) -> Run:
    """Run a service with fields of the form: ``_with(register_claim, reserve_fen="reserve")``."""

    def run(row: Row, form: django_forms.Form, request: HttpRequest) -> Any:
        given = {argument: form.cleaned_data[field] for argument, field in names.items()}
        return service(row, actor=request.actor, **given)

    return run


def _pay(row: Claim, form: django_forms.Form, request: HttpRequest) -> Any:
    services.pay_claim(row, actor=request.actor, payee=form.cleaned_data["payee"],
                       account_tail=form.cleaned_data["account_tail"])
    row.refresh_from_db(fields=("state",))
    if row.state == "adjudicated":
        return _("Nothing was paid: a limit has eroded since the decision. The claim is "
                 "adjudicated again and needs a new approval.")
    return None


def _interim(row: Claim, form: django_forms.Form, request: HttpRequest) -> Any:
    return services.order_interim(
        row, actor=request.actor, amount_fen=form.cleaned_data["amount"],
        payee=form.cleaned_data["payee"], account_tail=form.cleaned_data["account_tail"])


def _payee(claim: Claim) -> str:
    return str(claim.terms["schedule"]["insured"]["name_zh"])


def _certain(claim: Claim) -> int | None:
    decision, _problem = try_decision(claim)
    return certain_of(decision) if decision else None


def _item(row: Claim, form: django_forms.Form, request: HttpRequest) -> Any:
    given = form.cleaned_data
    return services.add_item(row, given["coverage"], actor=request.actor,
                             description=given["description"], member=given.get("member", ""),
                             supplier=given.get("supplier", ""))


def _evidence(row: Claim | Incident, form: django_forms.Form, request: HttpRequest) -> Any:
    incident = row.incident if isinstance(row, Claim) else row
    given = form.cleaned_data["file"]
    return services.add_evidence(
        incident, given.read(), name=given.name, kind=form.cleaned_data["kind"],
        media_type=given.content_type or "application/octet-stream", actor=request.actor)


def _agreement(row: Claim, form: django_forms.Form, request: HttpRequest) -> Any:
    given = form.cleaned_data
    return services.record_agreement(
        row, given["file"].read(), name=given["file"].name,
        media_type=given["file"].content_type or "application/octet-stream",
        signed_by=given["signed_by"], signed_on=given["signed_on"], actor=request.actor)


def _wanted(row: Claim | Incident) -> list[str]:
    claim = row if isinstance(row, Claim) else getattr(row, "claim", None)
    return [] if claim is None else queries.usual_papers(claim)


def _recovery(row: Claim, form: django_forms.Form, request: HttpRequest) -> Any:
    return services.record_recovery(row.recourse, amount_fen=form.cleaned_data["amount"],
                                    reference=form.cleaned_data["reference"], actor=request.actor)


text_form = plain(forms.TextForm)
confirm = plain(forms.ConfirmForm)

CLAIM_DEEDS: dict[str, Deed] = {
    "register": Deed(
        plain(forms.RegisterForm), _with(services.register_claim, reserve_fen="reserve",
                                         note="note"),
        gettext_lazy("You take the claim as its handler and set the first reserve. The reserve is "
                     "posted in the ledger."), gettext_lazy("The claim is registered.")),
    "request_evidence": Deed(
        plain(forms.RequestForm, answer_days=lambda claim: services.answer_term()),
        _with(services.request_evidence, note="note", answer_days="answer_days"),
        gettext_lazy("The law allows one request. The clock of the decision stands still until "
                     "the insured has answered."),
        gettext_lazy("The request is made and its notice written."), shows=request_preview),
    "receive": Deed(
        plain(forms.NoteForm), _with(services.receive_evidence, note="note"),
        gettext_lazy("Hand in the documents first. Then say here that this is all: the clock of "
                     "the decision runs on."), gettext_lazy("Thank you. The clock runs on.")),
    "go_on": Deed(text_form, _with(services.go_on_without_evidence, reason="text"),
                  gettext_lazy("The insured has not answered within the term of the request. Say "
                               "why you go on: the clock of the decision runs on."),
                  gettext_lazy("The claim goes on; the clock runs."), danger=True),
    "survey": Deed(text_form, _with(services.survey_claim, note="text"), "",
                   gettext_lazy("The survey has begun.")),
    "quantify": Deed(text_form, _with(services.quantify_claim, note="text"),
                     gettext_lazy("Every loss item stands under its coverage, with facts and "
                                  "evidence."), gettext_lazy("The amounts are fixed.")),
    "adjudicate": Deed(
        confirm, _with(services.adjudicate_claim),
        gettext_lazy("The engine decides by the policy's own terms on the facts of the file. The "
                     "decision is provisional until somebody else approves it."),
        gettext_lazy("The engine has decided; the decision is provisional."),
        shows=decision_preview),
    "approve": Deed(
        plain(forms.NoteForm), _with(services.approve_claim, note="note"),
        gettext_lazy("Four eyes: the decision is issued to the insured, its notice is written and "
                     "the amount is posted as payable."),
        gettext_lazy("The decision is issued."), shows=decision_preview),
    "reject": Deed(
        text_form, _with(services.reject_claim, reason="text"),
        gettext_lazy("A notice of refusal with its reasons is written. The insured may appeal."),
        gettext_lazy("The refusal is issued."), shows=decision_preview, danger=True),
    "agree": Deed(confirm, _with(services.agree_decision),
                  gettext_lazy("You agree to the decision. The insurer pays within ten days."),
                  gettext_lazy("Agreed. Payment follows within ten days."),
                  shows=decision_preview),
    "agree_on_paper": Deed(
        plain(forms.AgreementForm, signed_on=lambda claim: clock.today()), _agreement,
        gettext_lazy("For a firm without link or account: who signed, on which day, and the signed "
                     "paper. It is kept in the claim file; the ten days of payment run from that "
                     "day."),
        gettext_lazy("The agreement is on record. Payment follows within ten days."),
        permission="claims.record_agreement", shows=decision_preview),
    "dispute": Deed(text_form, _with(services.dispute_decision, reason="text"),
                    gettext_lazy("Say what you do not agree with. People who had no part in the "
                                 "decision look at it again."),
                    gettext_lazy("Your objection is on record.")),
    "appeal": Deed(text_form, _with(services.dispute_decision, reason="text"),
                   gettext_lazy("Say why the refusal is wrong. The limitation period is two "
                                "years."), gettext_lazy("Your appeal is on record.")),
    "mediate": Deed(text_form, _with(services.end_dispute, opinion="text"),
                    gettext_lazy("The claim is adjudicated again on the facts as they stand."),
                    gettext_lazy("The mediation is on record.")),
    "decide": Deed(text_form, _with(services.end_dispute, opinion="text"),
                   gettext_lazy("The claim is adjudicated again on the facts as they stand."),
                   gettext_lazy("The judgment is on record.")),
    "proceed": Deed(text_form, _with(services.begin_proceedings, note="text")),
    "withdraw": Deed(confirm, _with(services.withdraw_objection)),
    "pay": Deed(plain(forms.PayForm, payee=_payee), _pay,
                gettext_lazy("The amount leaves the bank account once; limits erode by what is "
                             "paid."), gettext_lazy("Paid and posted."), shows=pay_preview),
    "order_interim": Deed(
        plain(forms.InterimForm, payee=_payee, amount=_certain), _interim,
        gettext_lazy("The part that is certain on the facts so far. The approver orders it and "
                     "somebody else pays; the final decision takes it off."),
        gettext_lazy("The payment in advance is ordered; somebody else pays it."),
        permission="claims.order_interim", shows=certain_preview),
    "interim": Deed(
        confirm, _with(services.pay_interim),
        gettext_lazy("What the approver has ordered leaves the bank account once. The final "
                     "decision takes it off."),
        gettext_lazy("Paid in advance."), shows=interim_preview),
    "subrogate": Deed(plain(forms.RecourseForm),
                      _with(services.open_recourse, against="against", ground="ground",
                            demanded_fen="demanded"),
                      gettext_lazy("Recourse goes up to what was paid (Insurance Law, art. 60).")),
    "close": Deed(text_form, _with(services.close_claim, reason="text"), "",
                  gettext_lazy("The file is closed.")),
    "reopen": Deed(text_form, _with(services.reopen_claim, reason="text"), "",
                   gettext_lazy("The file is open again.")),
    "reserve": Deed(plain(forms.ReserveForm, reserve=lambda claim: claim.reserve_fen),
                    _with(services.set_reserve, reserve_fen="reserve", reason="reason"),
                    label=gettext_lazy("Change the reserve"), permission="claims.set_reserve"),
    "item": Deed(lambda request, claim: forms.ItemForm(_post(request), claim=claim), _item,
                 label=gettext_lazy("Add a loss item"), done=gettext_lazy("The item is added.")),
    "evidence": Deed(
        lambda request, row: forms.EvidenceForm(_post(request), request.FILES or None,
                                                wanted=_wanted(row)),
        _evidence, label=gettext_lazy("Hand in a document"), permission="claims.add_evidence",
        done=gettext_lazy("The document is kept with its hash.")),
    "adjuster": Deed(
        lambda request, claim: forms.AdjusterForm(
            _post(request), adjusters=queries.partners(request.actor,
                                                       Organisation.Kind.ADJUSTER)),
        _with(services.appoint_adjuster, adjuster="adjuster"),
        gettext_lazy("The adjuster is independent and sees this claim from now on."),
        label=gettext_lazy("Appoint a loss adjuster"), permission="claims.appoint_adjuster"),
    "permit": Deed(text_form, _with(services.permit_another_request, reason="text"),
                   gettext_lazy("A second request counts as a defect of the process and is "
                                "reported as one."),
                   label=gettext_lazy("Permit a second request"),
                   permission="claims.permit_request", danger=True),
    "recovery": Deed(plain(forms.RecoveryForm), _recovery,
                     label=gettext_lazy("Book a recovery"), permission="claims.recover"),
}


# --- deeds on an incident ------------------------------------------------------------------------


def _triage(row: Incident, form: django_forms.Form, request: HttpRequest) -> Any:
    assert isinstance(form, forms.TriageForm)
    data = form.cleaned_data
    return services.triage_incident(
        row, actor=request.actor, operator=data["operator"],
        involves_critical=data["involves_critical"], family=data["family"], facts=form.facts(),
        judged=data["judged"] or None, reason=data["reason"])


def _dispatch(row: Incident, form: django_forms.Form, request: HttpRequest) -> Any:
    data = form.cleaned_data
    return services.dispatch_response(row, data["provider"], mode=data["mode"],
                                      note=data["note"], actor=request.actor)


def _advance(event: str) -> Run:
    def run(row: Incident, form: django_forms.Form, request: HttpRequest) -> Any:
        return services.advance_incident(row, event, text=form.cleaned_data["text"],
                                         actor=request.actor)

    return run


INCIDENT_DEEDS: dict[str, Deed] = {
    "triage": Deed(lambda request, row: forms.TriageForm(_post(request), incident=row), _triage,
                   gettext_lazy("One threshold that is reached gives the grade. With none "
                                "reached a person judges the general clauses; the platform never "
                                "says “ordinary” by itself."),
                   gettext_lazy("Graded. The reporting clocks run."), permission="claims.triage"),
    "dispatch": Deed(
        lambda request, row: forms.DispatchForm(
            _post(request), providers=queries.partners(request.actor,
                                                       Organisation.Kind.PROVIDER)),
        _dispatch, gettext_lazy("The provider sees this incident and answers the order."),
        gettext_lazy("The order is out."), permission="claims.dispatch"),
    **{event: Deed(text_form, _advance(event))
       for event in ("contain", "eradicate", "recover", "close", "dismiss")},
    "note": Deed(text_form, lambda row, form, request: services.add_note(
        row, text=form.cleaned_data["text"], actor=request.actor),
        label=gettext_lazy("Add a note"), permission="claims.note"),
    "evidence": CLAIM_DEEDS["evidence"],
}


@page("claims.view")
def claim_act(request: HttpRequest, claim: Any, event: str) -> HttpResponse:
    """One deed on a claim."""
    row = visible_or_404(Claim.objects.select_related("policy", "incident"), request.actor,
                         pk=claim)
    return _do(request, row, event, CLAIM_DEEDS, CLAIM_VERBS)


@page("claims.view")
def incident_act(request: HttpRequest, incident: Any, event: str) -> HttpResponse:
    """One deed on an incident."""
    row = visible_or_404(Incident.objects.select_related("insured"), request.actor, pk=incident)
    return _do(request, row, event, INCIDENT_DEEDS, INCIDENT_VERBS)


def _do(
    request: HttpRequest, row: Row, event: str, deeds: dict[str, Deed], verbs: dict[str, Any]
) -> HttpResponse:
    deed = deeds.get(event)
    if deed is None:
        raise Http404("no such deed")
    _check(row, event, deed, request)
    back = "claims:claim" if isinstance(row, Claim) else "claims:incident"
    form = deed.form(request, row)
    if request.method == "POST" and form.is_valid():
        try:
            result = deed.run(row, form, request)
        except DinghaiError as error:
            show_error(form, error)
        else:
            if isinstance(result, str):
                messages.warning(request, result)
            else:
                messages.success(request, str(deed.done or _("Done.")))
            return redirect(back, row.pk)
    shown = deed.shows(row) if deed.shows else {}
    return render(request, "claims/action.html", {
        "row": row, "form": form, "deed": deed, "label": deed.label or verbs[event],
        "is_claim": isinstance(row, Claim), "total": _total(shown), **shown},
        status=422 if request.method == "POST" else 200)


def _check(row: Row, event: str, deed: Deed, request: HttpRequest) -> None:
    """Say no before the form is filled in."""
    if deed.permission:
        require(request.actor, deed.permission, row)
    elif event == "item":
        services.check_may_set(row, {}, request.actor)
    elif event in {"dispute", "appeal", "adjudicate"} and row.state in {"rejected", "adjudicated"}:
        if event == "adjudicate":
            require(request.actor, "claims.adjudicate", row)
        elif event == "dispute":
            raise PermissionDenied("claims.dispute")
        else:
            check_step(row, event, request.actor)
    else:
        check_step(row, event, request.actor)


def _total(shown: dict[str, Any]) -> str:
    return money_text(shown["total_fen"]) if shown.get("total_fen") is not None else ""
