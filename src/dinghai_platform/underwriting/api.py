"""Underwriting's API: from a case to a policy in force."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import File, Form, Query, Router, Status
from ninja.files import UploadedFile

from dinghai.foundation.errors import InputError
from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.core.files import file_response
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import require
from dinghai_platform.core.queries import organisations_visible_to
from dinghai_platform.core.schemas import ERRORS, PageQuery, part_of
from dinghai_platform.core.tenancy import visible_or_404
from dinghai_platform.underwriting import queries
from dinghai_platform.underwriting import schemas as shapes
from dinghai_platform.underwriting.api_answers import (
    assessment_shape,
    case_shape,
    costs_shape,
    dispute_shape,
    dossier_shape,
    finding_shape,
    fix_shape,
    history_shape,
    plan_shape,
    policy_shape,
    quote_shape,
    screening_shape,
)
from dinghai_platform.underwriting.explained import fixes_within, priced_again
from dinghai_platform.underwriting.models import (
    Assessment,
    Case,
    Dispute,
    Dossier,
    Finding,
    Fix,
    Paper,
    Policy,
    Quote,
    Screening,
    TreatmentPlan,
)
from dinghai_platform.underwriting.services import (
    contracts,
    costs,
    disputes,
    explanations,
    screenings,
)
from dinghai_platform.underwriting.services import history as histories
from dinghai_platform.underwriting.services import quotes as verbs
from dinghai_platform.underwriting.services.assessments import assess_dossier
from dinghai_platform.underwriting.services.cases import open_case
from dinghai_platform.underwriting.services.dossiers import import_dossier
from dinghai_platform.underwriting.services.papers import make_policy_papers, make_quotation_slip
from dinghai_platform.underwriting.services.treatment import commit_fix, plan_treatment
from dinghai_platform.underwriting.stated import (
    LARGEST_CLAIMS_FILE,
    MOST_FAULTS_SHOWN,
)

router = Router(tags=["underwriting"])


@router.get("/cases", response={200: shapes.CasePart, **ERRORS}, operation_id="cases")
def case_list(request: HttpRequest, page: Query[PageQuery]) -> dict[str, Any]:
    """The cases the actor sees, newest first."""
    require(request.actor, "underwriting.view")
    return part_of(queries.cases(request.actor).order_by("-id"), page, case_shape)


@router.post("/cases", response={201: shapes.CaseAnswer, **ERRORS}, operation_id="open_case")
def case_new(request: HttpRequest, body: shapes.CaseNew) -> Status:
    """Open a case about an enterprise the insurer knows."""
    require(request.actor, "underwriting.open_case")
    known = organisations_visible_to(request.actor)
    insured = visible_organisation(known, body.insured)
    return Status(201, case_shape(open_case(insured, title=body.title, actor=request.actor)))


def visible_organisation(known: Any, key: UUID) -> Organisation:
    """One of the known organisations, else 404."""
    found: Organisation = get_object_or_404(known, pk=key)
    return found


@router.get("/cases/{key}", response={200: shapes.CaseAnswer, **ERRORS}, operation_id="case")
def case_one(request: HttpRequest, key: UUID) -> dict[str, Any]:
    """One case."""
    require(request.actor, "underwriting.view")
    return case_shape(queries.whole(Case, request.actor, key))


@router.post("/cases/{key}/dossiers", response={202: shapes.DossierAnswer, **ERRORS},
             operation_id="import_dossier")
def dossier_new(
    request: HttpRequest, key: UUID, archive: File[UploadedFile]
) -> Status:
    """Import a dossier's ZIP; the answer names the job that reads it."""
    case = queries.whole(Case, request.actor, key)
    started = import_dossier(
        case, archive.read(), name=archive.name or "dossier.zip", actor=request.actor
    )
    return Status(202, dossier_shape(started))


@router.get("/cases/{key}/claims-history", response={200: shapes.HistoryAnswer, **ERRORS},
            operation_id="claims_history")
def history_one(request: HttpRequest, key: UUID) -> dict[str, Any]:
    """The claims history of a case, with the claims that this insurer holds itself."""
    require(request.actor, "underwriting.view")
    return history_shape(queries.whole(Case, request.actor, key))


@router.put("/cases/{key}/claims-history", response={200: shapes.HistoryAnswer, **ERRORS},
            operation_id="state_claims_history")
def history_state(request: HttpRequest, key: UUID, body: shapes.HistoryNew) -> dict[str, Any]:
    """State years and claims as a whole."""
    case = queries.whole(Case, request.actor, key)
    histories.state_whole(
        case, first=body.first, last=body.last, uses_held=body.uses_held, base=body.base,
        claims=[one.dict() for one in body.claims], actor=request.actor)
    return history_shape(case)


@router.post("/cases/{key}/claims-history/file",
             response={200: shapes.ClaimsFileAnswer, **ERRORS}, operation_id="import_claims_file")
def history_file(
    request: HttpRequest, key: UUID, about: Form[shapes.HistoryFileNew],
    file: File[UploadedFile],
) -> dict[str, Any]:
    """Check a file of claims row by row, or take this insured's claims in: all of them, or none
    while a row cannot be read."""
    case = queries.whole(Case, request.actor, key)
    require(request.actor, "underwriting.state_history", case)
    if (file.size or 0) > LARGEST_CLAIMS_FILE:
        raise InputError("the file is too large", field="file",
                         mend="give this insured's claims alone")
    content, name = file.read(), file.name or "claims.csv"
    read = histories.check_claims_file(case, content, name=name, actor=request.actor,
                                        key=about.key)
    if not about.check_only:
        histories.take_claims_in(case, read, base=about.base, actor=request.actor)
    return {
        "kept": not about.check_only, "claims": [one.to_dict() for one in read.claims],
        "of_others": read.of_others, "names_insured": read.names_insured,
        "faults_total": read.faults_total,
        "faults": [{"message": one.message, "line": one.line, "field": one.field,
                    "mend": one.mend} for one in read.faults[:MOST_FAULTS_SHOWN]],
        "ignored_columns": list(read.ignored),
        "history": None if about.check_only else history_shape(case)}


@router.post("/cases/{key}/claims-history/undo", response={200: shapes.HistoryAnswer, **ERRORS},
             operation_id="undo_claims_history")
def history_undo(request: HttpRequest, key: UUID, body: shapes.HistoryStepNew) -> dict[str, Any]:
    """Take the last change back."""
    case = queries.whole(Case, request.actor, key)
    histories.undo_history(case, base=body.base, actor=request.actor)
    return history_shape(case)


@router.post("/cases/{key}/claims-history/withdrawal",
             response={200: shapes.HistoryAnswer, **ERRORS},
             operation_id="withdraw_claims_history")
def history_withdraw(
    request: HttpRequest, key: UUID, body: shapes.HistoryStepNew
) -> dict[str, Any]:
    """Say that no history is given."""
    case = queries.whole(Case, request.actor, key)
    histories.withdraw_history(case, base=body.base, actor=request.actor)
    return history_shape(case)


@router.get("/cases/{key}/screenings", response={200: shapes.ScreeningPart, **ERRORS},
            operation_id="screenings")
def screening_list(request: HttpRequest, key: UUID, page: Query[PageQuery]) -> dict[str, Any]:
    """The sanctions screenings of a case's enterprise, newest first."""
    require(request.actor, "underwriting.view_screening")
    case = queries.whole(Case, request.actor, key)
    rows = Screening.objects.within(case.tenant_id).filter(insured=case.insured)
    return part_of(rows.order_by("-screened_on", "-id"), page, screening_shape)


@router.post("/cases/{key}/screenings", response={201: shapes.ScreeningAnswer, **ERRORS},
             operation_id="record_screening")
def screening_new(request: HttpRequest, key: UUID, body: shapes.ScreeningNew) -> Status:
    """Record a screening. A hit is cleared by compliance alone."""
    case = queries.whole(Case, request.actor, key)
    made = screenings.record_screening(
        case, lists=body.lists, screened_on=body.screened_on, result=body.result,
        reference=body.reference, valid_until=body.valid_until, note=body.note,
        actor=request.actor)
    return Status(201, screening_shape(made))


@router.get("/cases/{key}/fix-costs", response={200: shapes.CostsAnswer, **ERRORS},
            operation_id="fix_costs")
def costs_one(request: HttpRequest, key: UUID) -> dict[str, Any]:
    """What fixes cost in a case: the enterprise's own offers, else the shipped judgement."""
    require(request.actor, "underwriting.view")
    return costs_shape(queries.whole(Case, request.actor, key))


@router.post("/cases/{key}/fix-costs", response={201: shapes.CostsAnswer, **ERRORS},
             operation_id="give_fix_costs")
def costs_new(request: HttpRequest, key: UUID, file: File[UploadedFile]) -> Status:
    """Give the enterprise's own costs of fixes (dinghai.fix-costs/1 in TOML)."""
    case = queries.whole(Case, request.actor, key)
    require(request.actor, "underwriting.give_costs", case)
    if (file.size or 0) > costs.LARGEST_COSTS:
        raise InputError("the file is too large", field="file",
                         mend="give the costs of fixes alone")
    costs.give_costs(case, file.read(), name=file.name or "costs.toml", actor=request.actor)
    return Status(201, costs_shape(case))


@router.delete("/cases/{key}/fix-costs", response={200: shapes.CostsAnswer, **ERRORS},
               operation_id="take_fix_costs_back")
def costs_back(request: HttpRequest, key: UUID) -> dict[str, Any]:
    """Go back to the shipped costs."""
    case = queries.whole(Case, request.actor, key)
    costs.take_costs_back(case, actor=request.actor)
    return costs_shape(case)


@router.get("/dossiers", response={200: shapes.DossierPart, **ERRORS}, operation_id="dossiers")
def dossier_list(request: HttpRequest, page: Query[PageQuery]) -> dict[str, Any]:
    """The dossiers the actor sees, newest first."""
    require(request.actor, "underwriting.view")
    rows = queries.dossiers(request.actor).defer("statements").order_by("-id")
    return part_of(rows, page, dossier_shape)


@router.get("/dossiers/{key}", response={200: shapes.DossierAnswer, **ERRORS},
            operation_id="dossier")
def dossier_one(request: HttpRequest, key: UUID) -> dict[str, Any]:
    """One dossier."""
    require(request.actor, "underwriting.view")
    return dossier_shape(queries.whole(Dossier, request.actor, key))


@router.get("/findings", response={200: shapes.FindingPart, **ERRORS}, operation_id="findings")
def finding_list(
    request: HttpRequest, page: Query[PageQuery], dossier: UUID | None = None, severity: str = ""
) -> dict[str, Any]:
    """Findings of sealed dossiers, gravest first."""
    require(request.actor, "underwriting.view")
    rows = queries.findings(request.actor).order_by("-severity_rank", "id")
    if dossier is not None:
        rows = rows.filter(dossier_id=dossier)
    if severity:
        rows = rows.filter(severity=severity)
    return part_of(rows, page, finding_shape)


@router.post("/findings/{key}/disputes", response={201: shapes.DisputeAnswer, **ERRORS},
             operation_id="dispute_finding")
def dispute_new(
    request: HttpRequest, key: UUID, body: shapes.DisputeNew
) -> Status:
    """Say why a finding is wrong."""
    finding = queries.whole(Finding, request.actor, key)
    made = disputes.dispute_finding(finding, reason=body.reason, actor=request.actor)
    return Status(201, dispute_shape(made))


@router.post("/disputes/{key}/decision", response={200: shapes.DisputeAnswer, **ERRORS},
             operation_id="decide_dispute")
def dispute_decide(
    request: HttpRequest, key: UUID, body: shapes.DecisionNew
) -> dict[str, Any]:
    """Decide a dispute; an accepted one assesses the dossier again."""
    row = queries.whole(Dispute, request.actor, key, "finding")
    decided, _assessment = disputes.decide_dispute(
        row, accepted=body.accepted, decision=body.decision, actor=request.actor
    )
    return dispute_shape(decided)


@router.post("/dossiers/{key}/assessments", response={201: shapes.AssessmentAnswer, **ERRORS},
             operation_id="assess_dossier")
def assess(
    request: HttpRequest, key: UUID, body: shapes.AssessNew
) -> Status:
    """Assess a dossier today."""
    dossier = queries.whole(Dossier, request.actor, key, "case")
    return Status(201, assessment_shape(
        assess_dossier(dossier, light=body.light, actor=request.actor), whole=True
    ))


@router.get("/assessments/{key}", response={200: shapes.AssessmentAnswer, **ERRORS},
            operation_id="assessment")
def assessment_one(request: HttpRequest, key: UUID) -> dict[str, Any]:
    """One assessment with its document."""
    require(request.actor, "underwriting.view")
    return assessment_shape(queries.whole(Assessment, request.actor, key), whole=True)


@router.post("/assessments/{key}/quotes", response={201: shapes.QuoteAnswer, **ERRORS},
             operation_id="price_quote")
def price(request: HttpRequest, key: UUID, body: shapes.PriceNew) -> Status:
    """Price an assessment under a product and keep the quote."""
    assessment = queries.whole(Assessment, request.actor, key, "case", "dossier")
    product = visible_or_404(ProductVersion, request.actor, pk=body.product)
    made = verbs.price_quote(
        assessment, product, actor=request.actor, inception=body.inception,
        limit_fen=body.limit_fen, deductible_fen=body.deductible_fen,
    )
    return Status(201, quote_shape(made, request, whole=True))


@router.post("/assessments/{key}/plans", response={201: shapes.PlanAnswer, **ERRORS},
             operation_id="plan_treatment")
def plan_new(request: HttpRequest, key: UUID, body: shapes.PlanNew) -> Status:
    """Plan the treatment of an assessment under a product; made once for the two."""
    assessment = queries.whole(Assessment, request.actor, key, "case", "dossier")
    product = visible_or_404(ProductVersion, request.actor, pk=body.product)
    made = plan_treatment(
        assessment, product, actor=request.actor, inception=body.inception
    )
    return Status(201, plan_shape(made))


@router.get("/plans", response={200: shapes.PlanPart, **ERRORS}, operation_id="plans")
def plan_list(request: HttpRequest, page: Query[PageQuery]) -> dict[str, Any]:
    """The treatment plans the actor sees, newest first."""
    require(request.actor, "underwriting.view")
    rows = queries.plans(request.actor).defer("document").order_by("-id")
    return part_of(rows, page, plan_shape)


@router.get("/plans/{key}", response={200: shapes.PlanAnswer, **ERRORS}, operation_id="plan")
def plan_one(request: HttpRequest, key: UUID) -> dict[str, Any]:
    """One treatment plan with its fixes, knock-outs first."""
    require(request.actor, "underwriting.view")
    return plan_shape(queries.whole(TreatmentPlan, request.actor, key), whole=True)


@router.get("/plans/{key}/fixes", response={200: list[shapes.FixAnswer], **ERRORS},
            operation_id="plan_fixes")
def plan_fixes(request: HttpRequest, key: UUID, state: str = "") -> list[dict[str, Any]]:
    """The fixes of a plan, knock-outs first, then by what they take off the premium."""
    require(request.actor, "underwriting.view")
    plan = queries.whole(TreatmentPlan, request.actor, key)
    return [fix_shape(row) for row in queries.fixes_of(plan) if state in ("", row.state)]


@router.get("/plans/{key}/budget", response={200: dict[str, Any], **ERRORS},
            operation_id="plan_budget")
def plan_budget(
    request: HttpRequest, key: UUID, budget_fen: int = 10_000_000
) -> dict[str, Any]:
    """The best fixes of a plan for a budget of the first year, ¥100,000 unless given
    (dinghai.fix-plan/1)."""
    require(request.actor, "underwriting.view")
    plan = queries.whole(TreatmentPlan, request.actor, key, "assessment", "product", "case")
    return fixes_within(plan, budget_fen).to_dict()


@router.post("/fixes/{key}/commitment", response={200: shapes.FixAnswer, **ERRORS},
             operation_id="commit_fix")
def fix_commit(request: HttpRequest, key: UUID, body: shapes.CommitmentNew) -> dict[str, Any]:
    """Undertake a fix by a day."""
    fix = queries.whole(Fix, request.actor, key, "plan")
    return fix_shape(commit_fix(fix, due=body.due, actor=request.actor))


@router.get("/quotes", response={200: shapes.QuotePart, **ERRORS}, operation_id="quotes")
def quote_list(request: HttpRequest, page: Query[PageQuery]) -> dict[str, Any]:
    """The quotes the actor sees, newest first."""
    require(request.actor, "underwriting.view")
    rows = queries.quotes(request.actor).order_by("-id")
    return part_of(rows, page, lambda row: quote_shape(row, request))


@router.get("/quotes/{key}", response={200: shapes.QuoteAnswer, **ERRORS}, operation_id="quote")
def quote_one(request: HttpRequest, key: UUID) -> dict[str, Any]:
    """One quote."""
    require(request.actor, "underwriting.view")
    return quote_shape(_quote(request, key), request, whole=True)


@router.get("/quotes/{key}/terms", response={200: list[shapes.TermAnswer], **ERRORS},
            operation_id="quote_terms")
def quote_terms(request: HttpRequest, key: UUID) -> list[dict[str, Any]]:
    """Every term to explain, and whether it was."""
    require(request.actor, "underwriting.view")
    row = _quote(request, key)
    done = queries.explanations_of(row)
    return [
        {**explanations.shown_text(term), "kind": term.kind, "explained": term.key in done}
        for term in explanations.terms_of(row)
    ]


@router.get("/quotes/{key}/explanation", response={200: dict[str, Any], **ERRORS},
            operation_id="quote_explanation")
def quote_explanation(request: HttpRequest, key: UUID) -> dict[str, Any]:
    """From the industry's average firm to this one, by today's tables (dinghai.explanation/1);
    ``experience`` is what own claims did after it, as in the quote."""
    require(request.actor, "underwriting.view_rating")
    row = queries.whole(Quote, request.actor, key, "case", "product", "assessment")
    priced = priced_again(row)
    experience = {} if priced.experience is None else {"experience": priced.experience.to_dict()}
    return {**priced.explanation.to_dict(), **experience}


@router.post("/quotes/{key}/explanations", response={200: shapes.QuoteAnswer, **ERRORS},
             operation_id="record_explanations")
def explain(request: HttpRequest, key: UUID, body: shapes.ExplainNew) -> dict[str, Any]:
    """Record that terms were highlighted and explained."""
    row = _quote(request, key)
    explanations.record_explanations(
        row, body.keys, actor=request.actor, channel=body.channel,
        confirmed_name=body.confirmed_name,
    )
    return quote_shape(row, request, whole=True)


@router.post("/quotes/{key}/waiver", response={200: shapes.QuoteAnswer, **ERRORS},
             operation_id="waive_explanations")
def waive(
    request: HttpRequest, key: UUID, body: shapes.WaiverNew
) -> dict[str, Any]:
    """Give terms up that will not be explained: they will not apply."""
    row = explanations.waive_explanations(
        _quote(request, key), body.keys, reason=body.reason, actor=request.actor
    )
    return quote_shape(_quote(request, row.pk), request, whole=True)


@router.post("/quotes/{key}/refer", response={200: shapes.QuoteAnswer, **ERRORS},
             operation_id="refer_quote")
def refer(request: HttpRequest, key: UUID, body: shapes.ReasonNew) -> dict[str, Any]:
    """Put a quote before a higher authority."""
    row = verbs.refer_quote(_quote(request, key), reason=body.reason, actor=request.actor)
    return quote_shape(row, request)


@router.post("/quotes/{key}/approve", response={200: shapes.QuoteAnswer, **ERRORS},
             operation_id="approve_quote")
def approve(request: HttpRequest, key: UUID, body: shapes.ReasonNew) -> dict[str, Any]:
    """Approve a quote."""
    row = verbs.approve_quote(_quote(request, key), opinion=body.reason, actor=request.actor)
    return quote_shape(row, request)


@router.post("/quotes/{key}/issue", response={200: shapes.QuoteAnswer, **ERRORS},
             operation_id="issue_quote")
def issue(request: HttpRequest, key: UUID) -> dict[str, Any]:
    """Hand a quote to the applicant, with its slip."""
    row = verbs.issue_quote(_quote(request, key), actor=request.actor)
    make_quotation_slip(row, actor=request.actor)
    return quote_shape(row, request)


@router.post("/quotes/{key}/accept", response={200: shapes.QuoteAnswer, **ERRORS},
             operation_id="accept_quote")
def accept(request: HttpRequest, key: UUID) -> dict[str, Any]:
    """The applicant takes the offer."""
    return quote_shape(verbs.accept_quote(_quote(request, key), actor=request.actor), request)


@router.post("/quotes/{key}/reject", response={200: shapes.QuoteAnswer, **ERRORS},
             operation_id="reject_quote")
def reject(request: HttpRequest, key: UUID, body: shapes.ReasonNew) -> dict[str, Any]:
    """The applicant declines the offer."""
    row = verbs.reject_quote(_quote(request, key), reason=body.reason, actor=request.actor)
    return quote_shape(row, request)


@router.post("/quotes/{key}/policy", response={201: shapes.PolicyAnswer, **ERRORS},
             operation_id="bind_policy")
def bind(request: HttpRequest, key: UUID) -> Status:
    """Bind an accepted quote, with the policy's papers."""
    policy = contracts.bind_policy(_quote(request, key), actor=request.actor)
    make_policy_papers(policy, actor=request.actor)
    return Status(201, policy_shape(policy, whole=True))


@router.get("/policies", response={200: shapes.PolicyPart, **ERRORS}, operation_id="policies")
def policy_list(request: HttpRequest, page: Query[PageQuery]) -> dict[str, Any]:
    """The policies the actor sees, newest first."""
    require(request.actor, "underwriting.view")
    return part_of(queries.policies(request.actor).order_by("-id"), page, policy_shape)


@router.get("/policies/{key}", response={200: shapes.PolicyAnswer, **ERRORS},
            operation_id="policy")
def policy_one(request: HttpRequest, key: UUID) -> dict[str, Any]:
    """One policy with its document and papers."""
    require(request.actor, "underwriting.view")
    return policy_shape(queries.whole(Policy, request.actor, key), whole=True)


@router.post("/policies/{key}/payment", response={200: shapes.PolicyAnswer, **ERRORS},
             operation_id="pay_premium")
def pay(request: HttpRequest, key: UUID, body: shapes.PaymentNew) -> dict[str, Any]:
    """Record that the premium has arrived."""
    row = queries.whole(Policy, request.actor, key, "case")
    return policy_shape(
        contracts.pay_premium(row, reference=body.reference, actor=request.actor)
    )


@router.get("/papers/{key}", response={200: None, **ERRORS}, operation_id="paper")
def paper_one(request: HttpRequest, key: UUID) -> HttpResponse:
    """One paper as it was made: a PDF."""
    require(request.actor, "underwriting.view")
    return file_response(queries.whole(Paper, request.actor, key, "file").file)


def _quote(request: HttpRequest, key: UUID) -> Quote:
    found: Quote = queries.whole(Quote, request.actor, key, "case", "product", "assessment")
    return found
