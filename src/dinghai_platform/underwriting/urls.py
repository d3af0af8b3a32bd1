"""Addresses of underwriting's pages."""

from __future__ import annotations

from django.urls import path, re_path

from dinghai_platform.underwriting.views import (
    assessments,
    cases,
    findings,
    history,
    lists,
    policies,
    quotes,
    screenings,
)

app_name = "underwriting"
_STEPS = "refer|approve|issue|accept|reject|bind"
_HISTORY = "years|add|change|remove|import|withdraw|undo"
_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
urlpatterns = [
    path("cases/", lists.case_list, name="cases"),
    path("cases/new/", cases.case_new, name="case_new"),
    path("cases/<uuid:key>/", cases.case, name="case"),
    path("cases/<uuid:key>/import/", cases.case_import, name="case_import"),
    path("cases/<uuid:key>/history/", history.claims_history, name="history"),
    path("cases/<uuid:key>/history/template/", history.template, name="history_template"),
    path("cases/<uuid:key>/history/export/", history.export, name="history_export"),
    re_path(
        rf"^cases/(?P<key>{_UUID})/history/(?P<verb>{_HISTORY})/$", history.step,
        name="history_step",
    ),
    path("cases/<uuid:key>/screening/", screenings.screening, name="screening"),
    path("screenings/<uuid:key>/evidence/", screenings.evidence, name="screening_evidence"),
    path("dossiers/", lists.dossier_list, name="dossiers"),
    path("dossiers/<uuid:key>/", cases.dossier, name="dossier"),
    path("dossiers/<uuid:key>/assess/", cases.dossier_assess, name="dossier_assess"),
    path("findings/", lists.finding_list, name="findings"),
    path("findings/<uuid:key>/", findings.finding, name="finding"),
    path("findings/<uuid:key>/dispute/", findings.finding_dispute, name="finding_dispute"),
    path("disputes/<uuid:key>/decide/", findings.dispute_decide, name="dispute_decide"),
    path("assessments/<uuid:key>/", assessments.assessment, name="assessment"),
    path("assessments/<uuid:key>/plan/", assessments.assessment_plan, name="assessment_plan"),
    path("assessments/<uuid:key>/price/", quotes.price, name="price"),
    path("plans/<uuid:key>/", assessments.plan, name="plan"),
    path("plans/<uuid:key>/budget/", assessments.plan_budget, name="plan_budget"),
    path("plans/<uuid:key>/costs/", assessments.plan_costs, name="plan_costs"),
    path("fixes/<uuid:key>/commit/", assessments.fix_commit, name="fix_commit"),
    path("quotes/", lists.quote_list, name="quotes"),
    path("quotes/<uuid:key>/", quotes.quote, name="quote"),
    path("quotes/<uuid:key>/why/", quotes.why, name="why"),
    path("quotes/<uuid:key>/explanations/", quotes.explanations, name="explanations"),
    re_path(
        rf"^quotes/(?P<key>{_UUID})/(?P<verb>{_STEPS})/$", quotes.quote_step, name="quote_step"
    ),
    path("policies/", lists.policy_list, name="policies"),
    path("policies/<uuid:key>/", policies.policy, name="policy"),
    path("policies/<uuid:key>/pay/", policies.policy_pay, name="policy_pay"),
    path("papers/<uuid:key>/", policies.paper, name="paper"),
]
