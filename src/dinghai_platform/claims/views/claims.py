"""Pages of claims: the list, one claim, its facts, a decision, its files."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dinghai.documents.phrases import has_phrase, phrase
from dinghai.documents.readings import fact_name
from dinghai.foundation.errors import DinghaiError, Refusal
from dinghai.vocabulary.facts import fact
from dinghai_platform.claims import forms, queries, services
from dinghai_platform.claims.clocks import claim_clocks
from dinghai_platform.claims.decision_view import decision_view
from dinghai_platform.claims.fields import language
from dinghai_platform.claims.models import (
    Claim,
    DecisionRecord,
    EvidenceDocument,
    EvidenceRequest,
)
from dinghai_platform.claims.reading import (
    claim_document,
    decision_content,
    decision_document,
    missing_evidence,
    replay_record,
    try_decision,
)
from dinghai_platform.claims.words import FACT_GROUPS, word
from dinghai_platform.core import roles
from dinghai_platform.core.files import file_response
from dinghai_platform.core.forms import show_error
from dinghai_platform.core.models import StoredFile
from dinghai_platform.core.permissions import allowed, require
from dinghai_platform.core.tenancy import crossing_tenants, visible_or_404
from dinghai_platform.core.web import page

SHOWN_INLINE = {"application/pdf", "text/plain", "text/csv", "image/png", "image/jpeg"}


@page("claims.view")
def claim(request: HttpRequest, claim: Any) -> HttpResponse:
    """One claim: clocks, what comes next, decision, loss items, facts, evidence, payments."""
    row = visible_claim(request, claim)
    actor = request.actor
    records = list(row.decisions.all())
    current = next((one for one in reversed(records) if one.state != "replaced"), None)
    may_see_draft = actor.tenant is not None or actor.role in {"loss_adjuster", "arbiter"}
    if current is not None and not current.is_issued and not may_see_draft:
        current = next((one for one in reversed(records) if one.is_issued), None)
    evidence = {one.reference: one for one in row.incident.evidence.all()}
    view = problem = None
    if current is not None:
        view = decision_view(decision_document(current), evidence)
    elif may_see_draft and row.items.all():
        draft, problem = try_decision(row)
        view = decision_view(draft, evidence) if draft else None
    missing = _missing(row) if row.state in {"notified", "registered"} and not problem else []
    return render(request, "claims/claim.html", {
        "claim": row,
        "incident": row.incident,
        "steps": queries.claim_steps(row, actor),
        "clocks": [one for one in claim_clocks(row) if one.state != "waiting"],
        "record": current,
        "interim_orders": [one for one in row.interim_orders.all()
                           if one.is_open and may_see_draft and row.is_open],
        "sent_back": _sent_back(records, current),
        "earlier": [one for one in records if one is not current and (
            may_see_draft or one.is_issued)],
        "view": view,
        "problem": problem,
        "missing": missing,
        "items": [(item, _facts_of(item.facts, evidence)) for item in row.items.all()],
        "facts": queries.grouped_facts(row.facts),
        "fact_rows": _facts_of(row.facts, evidence),
        "evidence": [(one, _kind(one.kind)) for one in row.incident.evidence.all()],
        "payments": row.payments.all(),
        "paid_fen": queries.paid_fen(row),
        "is_insured": actor.role in roles.INSURED,
        "may_review": allowed(actor, "claims.review", row),
        "may_edit": allowed(actor, "claims.edit_facts", row) and row.state in Claim.FACTS_OPEN,
        "may_state": allowed(actor, "claims.state_facts", row) and row.state in {
            "notified", "registered", "evidence_pending"},
        "may_hand_in": allowed(actor, "claims.add_evidence", row) and row.is_open,
        "may_reserve": allowed(actor, "claims.set_reserve", row) and row.is_open and (
            row.state != "notified"),
        "may_appoint": allowed(actor, "claims.appoint_adjuster", row) and row.is_open,
        "may_permit": allowed(actor, "claims.permit_request", row)
        and row.state in {"registered", "adjudicated"} and bool(row.requests.all())
        and not row.further_request_reason,
        "recourse": getattr(row, "recourse", None),
        "may_recover": allowed(actor, "claims.recover", row) and row.state == "recovery",
    })


@page("claims.view")
def facts(request: HttpRequest, claim: Any, item: int | None = None) -> HttpResponse:
    """The editor of facts: of the event, or of one loss item."""
    row = visible_claim(request, claim)
    actor = request.actor
    services.check_may_set(row, {}, actor)
    event_ids, by_item = queries.relevant_facts(row)
    held = None
    if item is None:
        ids, known = event_ids, row.facts
    else:
        held = next((one for one in row.items.all() if one.no == item), None)
        if held is None:
            raise Http404("no such item")
        ids, known = by_item[item], held.facts
    insured_only = not allowed(actor, "claims.edit_facts", row)
    locked = [name for name in ids if insured_only and fact(name).prover != "insured"]
    form = forms.FactsForm(request.POST or None, ids=ids, known=known, locked=locked,
                           evidence=list(row.incident.evidence.all()))
    if request.method == "POST" and form.is_valid():
        changes = form.changes()
        try:
            if held is None:
                services.set_facts(row, changes, actor=actor)
            else:
                services.set_item_facts(held, changes, actor=actor)
        except DinghaiError as error:
            show_error(form, error)
        else:
            messages.success(request, _("%(count)s facts changed.") % {"count": len(changes)})
            return redirect("claims:claim", row.pk)
    groups = [(word(FACT_GROUPS, group), [_editor_row(form, name) for name in names])
              for group, names in queries.grouped_facts(ids)]
    return render(request, "claims/facts.html", {
        "claim": row, "item": held, "form": form, "groups": groups,
        "has_evidence": bool(row.incident.evidence.all())})


@page("claims.view")
def decision(request: HttpRequest, decision: Any) -> HttpResponse:
    """A decision to read and to print."""
    record = _record(request, decision)
    row = record.claim
    evidence = {one.reference: one for one in row.incident.evidence.all()}
    return render(request, "claims/decision.html", {
        "record": record, "claim": row, "incident": row.incident,
        "view": decision_view(decision_document(record), evidence)})


@page("claims.export")
def decision_json(request: HttpRequest, decision: Any) -> HttpResponse:
    """The decision's canonical JSON, byte for byte."""
    record = _record(request, decision)
    response = HttpResponse(record.content.encode(), content_type="application/json")
    response["Content-Disposition"] = (
        f'attachment; filename="{record.claim.number}-decision-{record.sequence}.json"')
    return response


@page("claims.export")
def claim_json(request: HttpRequest, claim: Any) -> HttpResponse:
    """The claim file as the engine takes it."""
    row = visible_claim(request, claim)
    response = HttpResponse(decision_content(claim_document(row)).encode(),
                            content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{row.number}.json"'
    return response


@require_POST
@page("claims.view")
def replay(request: HttpRequest, decision: Any) -> HttpResponse:
    """Recompute a decision from its own file, without a look at the database's facts."""
    record = _record(request, decision)
    try:
        found: Any = replay_record(record)
        refused = ""
    except Refusal as error:
        found, refused = None, error.message
    if not request.htmx:
        said = refused or (_("Recomputed: the same, byte for byte") if found.same
                           else found.message)
        (messages.success if found and found.same else messages.error)(request, said)
        return redirect("claims:decision", record.pk)
    return render(request, "claims/parts/replayed.html", {
        "replayed": found, "refused": refused, "record": record})


@page("claims.view")
def evidence(request: HttpRequest, evidence: Any) -> HttpResponse:
    """One document of evidence."""
    row = _through_incident(request, evidence)
    return _file(row.file_id)


@page("claims.view")
def notice(request: HttpRequest, decision: Any, language: str) -> HttpResponse:
    """The notice of a decision as PDF."""
    record = _record(request, decision)
    held = record.notice_en_id if language == "en" else record.notice_id
    if held is None:
        raise Http404("no notice yet")
    return _file(held)


@page("claims.view")
def request_notice(request: HttpRequest, request_id: Any) -> HttpResponse:
    """The notice of a request for evidence as PDF."""
    found = (EvidenceRequest.objects.unscoped("its claim decides who sees it")
             .filter(pk=request_id).first())
    if found is None or found.file_id is None:
        raise Http404("no such request")
    visible_claim(request, found.claim_id)
    return _file(found.file_id)


def visible_claim(request: HttpRequest, claim: Any) -> Claim:
    """A claim the actor sees, with what its pages read; else Http404."""
    row: Claim = visible_or_404(
        Claim.objects.select_related("policy", "insured", "incident", "handler", "adjuster")
        .prefetch_related("items", "decisions", "payments", "pauses", "requests", "objections",
                          "incident__evidence", "reserve_changes", "interim_orders"),
        request.actor, pk=claim)
    return row


def _record(request: HttpRequest, decision: Any) -> DecisionRecord:
    """A decision whose claim the actor sees; a provisional one only inside the insurer."""
    found = (DecisionRecord.objects.unscoped("its claim decides who sees it")
             .select_related("claim", "claim__policy", "claim__incident", "issued_by", "made_by")
             .filter(pk=decision).first())
    if found is None:
        raise Http404("no such decision")
    visible_claim(request, found.claim_id)
    actor = request.actor
    inside = actor.tenant is not None or actor.role in {"loss_adjuster", "arbiter"}
    if not found.is_issued and not inside:
        raise Http404("no such decision")
    return found


def _through_incident(request: HttpRequest, pk: Any) -> EvidenceDocument:
    from dinghai_platform.claims.models import Incident

    found = (EvidenceDocument.objects.unscoped("its incident decides who sees it")
             .filter(pk=pk).first())
    if found is None:
        raise Http404("no such document")
    visible_or_404(Incident, request.actor, pk=found.incident_id)
    require(request.actor, "claims.view")
    return found


def _file(pk: Any) -> HttpResponse:
    with crossing_tenants("the file was reached through a row that the reader sees"):
        stored = StoredFile.objects.get(pk=pk)
        return file_response(stored, inline=stored.media_type in SHOWN_INLINE)


def _missing(row: Claim) -> list[str]:
    try:
        entries = missing_evidence(row)
    except DinghaiError:
        return []
    return [fact_name(name, language()) for entry in entries for name in entry["facts"]]


def _facts_of(known: dict[str, Any], evidence: dict[str, EvidenceDocument]) -> list[Any]:
    from dinghai_platform.claims.views.incidents import _shown

    return [(fact(name), fact_name(name, language()), _shown(name, entry),
             [(one, evidence.get(one)) for one in entry.get("evidence", ())])
            for name, entry in known.items()]


def _editor_row(form: forms.FactsForm, name: str) -> dict[str, Any]:
    definition = fact(name)
    return {
        "fact": definition,
        "name": fact_name(name, language()),
        "value": form[name],
        "absent": form[f"{name}:absent"] if definition.type != "boolean" else None,
        "evidence": form[f"{name}:evidence"] if f"{name}:evidence" in form.fields else None,
        "unit": getattr(form.fields[name], "unit", ""),
        "prover": phrase(f"burden.{definition.prover}", language()),
        "is_known": name in form.known,
        "references": (form.known.get(name) or {}).get("evidence", ()),
    }


def _kind(code: str) -> str:
    return phrase(f"evidence.{code}", language()) if has_phrase(f"evidence.{code}") else code


def _sent_back(records: list[DecisionRecord], current: Any) -> DecisionRecord | None:
    """The decision that a payment could not follow, where the run shown was made for that."""
    if current is None or current.note != DecisionRecord.LIMITS_CHANGED or current.is_issued:
        return None
    return next((one for one in reversed(records) if one.is_issued), None)
