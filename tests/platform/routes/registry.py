"""Every named page: who opens it, who may not, and which object of insurer A stands in its address.

A new page is one line here. The words:

    page("underwriter", not_by="resident", key="case")     opened by GET, an HTML page
    file("auditor", …)                                     opened by GET, not HTML (CSV, PDF, JSON)
    verb("claims_handler", …)                              reached by POST
    public()                                               a page for those not signed in
    own("…")                                               a page of one's own account; no ids

The first word is one role that gets in, ``not_by`` one that gets 403 or 404 with insurer A's own
id. Then each part of the address: the name of an object of `scenery.Scenery.objects`, or a text
that starts with "=" and stands for itself. `.answering(404)` where the answer is not 200,
`.sending(day="2026-12-01")` where an empty form says too little.

The API needs no line of its own: it describes itself. Only a parameter whose name says too little
is explained in PARAMETERS.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

Kind = Literal["page", "file", "verb", "public", "own"]
ANYBODY = None
"""``not_by=ANYBODY``: everyone who is signed in may."""


@dataclass(frozen=True)
class Route:
    """How one address is reached."""

    kind: Kind
    by: str | None
    not_by: str | None = None
    arguments: dict[str, str] = field(default_factory=dict)
    status: int = 200
    data: dict[str, str | bytes] = field(default_factory=dict)

    def sending(self, **data: str | bytes) -> Route:
        """The same with these fields in its form (bytes are an uploaded file)."""
        return replace(self, data=data)

    def answering(self, status: int) -> Route:
        """The same, where what the role gets is not 200."""
        return replace(self, status=status)


def page(by: str, *, not_by: str | None, **arguments: str) -> Route:
    """An HTML page."""
    return Route("page", by, not_by, arguments)


def file(by: str, *, not_by: str | None, **arguments: str) -> Route:
    """A file or a document for programs."""
    return Route("file", by, not_by, arguments)


def verb(by: str, *, not_by: str | None, **arguments: str) -> Route:
    """A form's target, reached by POST alone."""
    return Route("verb", by, not_by, arguments)


def public(**arguments: str) -> Route:
    """A page that needs no sign-in."""
    return Route("public", None, None, arguments)


def own(by: str = "underwriter") -> Route:
    """A page of one's own account."""
    return Route("own", by)


OUTSIDER = "resident"

ROUTES: dict[str, Route] = {
    # --- signing in: the library's own pages in the house's clothes ---
    "account_login": public(),
    "account_logout": own(),
    "account_inactive": public(),
    "account_signup": public().answering(302),
    "account_reauthenticate": own(),
    "account_email": own(),
    "account_email_verification_sent": public(),
    "account_change_password": own(),
    "account_set_password": own().answering(302),
    "account_reset_password": public(),
    "account_confirm_login_code": public().answering(302),
    "account_confirm_email": public(key="=nobody"),
    "account_reset_password_from_key_done": public(),
    "account_reset_password_from_key": public(uidb36="=1", key="=set-nothing"),
    "account_reset_password_done": public(),
    "mfa_index": own(),
    "mfa_authenticate": public().answering(302),
    "mfa_reauthenticate": own().answering(302),
    "mfa_activate_totp": own().answering(302),
    "mfa_deactivate_totp": own().answering(404),
    "mfa_view_recovery_codes": own().answering(404),
    "mfa_generate_recovery_codes": own().answering(302),
    "mfa_download_recovery_codes": own().answering(404),
    "set_language": public().answering(302),
    # --- core ---
    "core:home": own().answering(302),
    "core:set_up": public(secret="nobody").answering(404),
    "core:invited": public(secret="invitation"),
    "core:switch": verb("underwriter", not_by=ANYBODY).answering(404),
    "core:members": page("platform_admin", not_by="underwriter"),
    "core:end_membership": verb("platform_admin", not_by="underwriter", membership="membership"),
    "core:organisations": page("operator", not_by="platform_admin"),
    "core:tokens": page("underwriter", not_by=ANYBODY),
    "core:revoke_token": verb("underwriter", not_by="auditor", token="token"),
    "core:jobs": page("underwriter", not_by=ANYBODY),
    "core:job": page("underwriter", not_by=ANYBODY, job="job"),
    "core:job_json": file("underwriter", not_by=ANYBODY, job="job"),
    "core:cancel_job": verb("underwriter", not_by="auditor", job="job"),
    "core:retry_job": verb("underwriter", not_by="auditor", job="job"),
    "core:audit": page("auditor", not_by="underwriter"),
    "core:audit_export": file("auditor", not_by="underwriter"),
    "core:audit_verify": verb("auditor", not_by="underwriter"),
    "core:audit_checkpoint": file("auditor", not_by="underwriter"),
    # --- ledger ---
    "ledger:entries": page("auditor", not_by="insured_admin"),
    "ledger:export": file("auditor", not_by="insured_admin"),
    "ledger:balances": page("auditor", not_by="insured_admin"),
    "ledger:entry": page("auditor", not_by="insured_admin", entry="entry"),
    # --- underwriting ---
    "underwriting:cases": page("underwriter", not_by=OUTSIDER),
    "underwriting:case_new": page("underwriter", not_by="auditor"),
    "underwriting:case": page("underwriter", not_by=OUTSIDER, key="case"),
    "underwriting:case_import": verb("underwriter", not_by="auditor", key="case").sending(
        archive=b"PK"
    ),
    "underwriting:history": page("underwriter", not_by=OUTSIDER, key="case"),
    "underwriting:history_template": file("underwriter", not_by=OUTSIDER, key="case"),
    "underwriting:history_export": file("underwriter", not_by=OUTSIDER, key="case"),
    "underwriting:history_step": verb("underwriter", not_by="auditor", key="case", verb="=undo"),
    "underwriting:screening": page("underwriter", not_by="insured_admin", key="case"),
    "underwriting:screening_evidence": file("underwriter", not_by="insured_admin",
                                            key="screening"),
    "underwriting:dossiers": page("underwriter", not_by=OUTSIDER),
    "underwriting:dossier": page("underwriter", not_by=OUTSIDER, key="dossier"),
    "underwriting:dossier_assess": verb("underwriter", not_by="auditor", key="dossier"),
    "underwriting:findings": page("underwriter", not_by=OUTSIDER),
    "underwriting:finding": page("underwriter", not_by=OUTSIDER, key="finding"),
    "underwriting:finding_dispute": verb("insured_admin", not_by="auditor", key="finding"),
    "underwriting:dispute_decide": verb("underwriter", not_by="auditor", key="dispute"),
    "underwriting:assessment": page("underwriter", not_by=OUTSIDER, key="assessment"),
    "underwriting:assessment_plan": verb("underwriter", not_by="auditor", key="assessment"),
    "underwriting:price": page("underwriter", not_by="auditor", key="assessment"),
    "underwriting:plan": page("underwriter", not_by=OUTSIDER, key="plan"),
    "underwriting:plan_budget": page("underwriter", not_by=OUTSIDER, key="plan"),
    "underwriting:plan_costs": verb("underwriter", not_by="auditor", key="plan").sending(back="1"),
    "underwriting:fix_commit": verb("insured_admin", not_by="auditor", key="fix").sending(
        due="2026-12-01"
    ),
    "underwriting:quotes": page("underwriter", not_by=OUTSIDER),
    "underwriting:quote": page("underwriter", not_by=OUTSIDER, key="quote"),
    "underwriting:why": page("underwriter", not_by=OUTSIDER, key="quote"),
    "underwriting:explanations": page("insured_admin", not_by=OUTSIDER, key="quote"),
    "underwriting:quote_step": verb("underwriter", not_by="auditor", key="quote", verb="=bind"),
    "underwriting:policies": page("underwriter", not_by=OUTSIDER),
    "underwriting:policy": page("underwriter", not_by=OUTSIDER, key="policy"),
    "underwriting:policy_pay": verb("underwriter", not_by="auditor", key="policy"),
    "underwriting:paper": file("underwriter", not_by=OUTSIDER, key="paper"),
    # --- claims ---
    "claims:workbench": page("claims_handler", not_by="auditor", claim="open_claim"),
    "claims:bench_preview": verb("claims_handler", not_by="auditor", claim="open_claim"),
    "claims:bench_put_back": verb("claims_handler", not_by="auditor", claim="open_claim"),
    "claims:explained": page("insured_admin", not_by=OUTSIDER, claim="claim"),
    "claims:review": page("claims_approver", not_by="insured_admin", claim="claim"),
    "claims:statistics": page("claims_handler", not_by="insured_admin"),
    "claims:statistics_export": file("claims_handler", not_by="insured_admin"),
    "claims:claims": page("claims_handler", not_by=OUTSIDER),
    "claims:incidents": page("claims_handler", not_by=OUTSIDER),
    "claims:report": page("insured_admin", not_by="auditor"),
    "claims:incident": page("claims_handler", not_by=OUTSIDER, incident="incident"),
    "claims:authority_report": file("claims_handler", not_by=OUTSIDER, incident="incident"),
    "claims:incident_act": page(
        "claims_handler", not_by=OUTSIDER, incident="incident", event="=note"
    ),
    "claims:record_report": page("claims_handler", not_by=OUTSIDER, duty="duty"),
    "claims:answer_order": verb("ir_lead", not_by=OUTSIDER, order="order", answer="=accept"),
    "claims:evidence": file("claims_handler", not_by=OUTSIDER, evidence="evidence"),
    "claims:request_notice": file("claims_handler", not_by=OUTSIDER, request_id="request"),
    "claims:decision": page("claims_handler", not_by=OUTSIDER, decision="decision"),
    "claims:decision_json": file("claims_handler", not_by=OUTSIDER, decision="decision"),
    "claims:replay": verb("claims_handler", not_by=OUTSIDER, decision="decision"),
    "claims:notice": file("claims_handler", not_by=OUTSIDER, decision="decision", language="=zh"),
    "claims:claim": page("claims_handler", not_by=OUTSIDER, claim="claim"),
    "claims:claim_json": file("claims_handler", not_by=OUTSIDER, claim="claim"),
    "claims:facts": page("claims_handler", not_by=OUTSIDER, claim="open_claim"),
    "claims:item_facts": page("claims_handler", not_by=OUTSIDER, claim="open_claim", item="=1"),
    "claims:act": page("claims_handler", not_by=OUTSIDER, claim="claim", event="=reserve"),
    # --- catalogue ---
    "catalogue:products": page("underwriter", not_by=OUTSIDER),
    "catalogue:install": verb("product_manager", not_by="auditor"),
    "catalogue:reference": page("underwriter", not_by=OUTSIDER).answering(302),  # without ?p=
    "catalogue:paper": file("underwriter", not_by=OUTSIDER).answering(302),
    "catalogue:compare": page("underwriter", not_by=OUTSIDER),
    "catalogue:difference": page("underwriter", not_by=OUTSIDER),
    "catalogue:conformance": page("product_manager", not_by="underwriter"),
    "catalogue:needs": page("underwriter", not_by=OUTSIDER),
    "catalogue:frontier": page("underwriter", not_by=OUTSIDER).answering(302),
    "catalogue:product": page("underwriter", not_by=OUTSIDER, key="product"),
    "catalogue:release": verb("product_manager", not_by="auditor", key="product"),
    "catalogue:file": verb("compliance", not_by="product_manager", key="product"),
    "catalogue:revise": verb("product_manager", not_by="compliance", key="product"),
    "catalogue:withdraw": verb("compliance", not_by="product_manager", key="product"),
    # --- monitoring ---
    "monitoring:policies": page("underwriter", not_by=OUTSIDER),
    "monitoring:policy": page("underwriter", not_by=OUTSIDER, key="policy"),
    "monitoring:policy_read": verb("underwriter", not_by="auditor", key="policy"),
    "monitoring:policy_rescan": verb("underwriter", not_by="auditor", key="policy").sending(
        archive=b"PK"
    ),
    "monitoring:fix_verify": verb(
        "underwriter", not_by="auditor", key="policy", fix="fix"
    ).sending(verified_by="第三方", evidence=b"done"),
    "monitoring:findings": page("underwriter", not_by=OUTSIDER),
    "monitoring:finding": page("underwriter", not_by=OUTSIDER, key="monitored_finding"),
    "monitoring:finding_step": verb(
        "insured_admin", not_by="auditor", key="monitored_finding", event="=dispute"
    ).sending(reason="误报"),
    "monitoring:notices": page("underwriter", not_by=OUTSIDER),
    "monitoring:notice": page("underwriter", not_by=OUTSIDER, key="notice"),
    "monitoring:notice_pdf": file("underwriter", not_by=OUTSIDER, key="notice"),
    "monitoring:notice_step": verb(
        "insured_admin", not_by="auditor", key="notice", verb="=acknowledge"
    ),
    "monitoring:floats": page("underwriter", not_by=OUTSIDER),
    "monitoring:float": page("underwriter", not_by=OUTSIDER, key="proposal"),
    "monitoring:float_step": verb(
        "underwriter", not_by="auditor", key="proposal", event="=recheck"
    ),
    "monitoring:feeds": page("underwriter", not_by="insured_admin"),
    "monitoring:feed_load": verb("underwriter", not_by="auditor"),
    # --- actuarial ---
    "actuarial:versions": page("actuary", not_by="claims_handler"),
    "actuarial:new_draft": verb("actuary", not_by="chief_underwriter"),
    "actuarial:upload": verb("actuary", not_by="chief_underwriter"),
    "actuarial:version": page("actuary", not_by="claims_handler", key="table_version"),
    "actuarial:edit": page("actuary", not_by="underwriter", key="table_version"),
    "actuarial:replace_file": verb("actuary", not_by="underwriter", key="table_version"),
    "actuarial:toml": file("actuary", not_by="claims_handler", key="table_version"),
    "actuarial:step": verb("actuary", not_by="underwriter", key="table_version", verb="=impact"),
    "actuarial:in_force_toml": file("actuary", not_by="claims_handler").answering(404),
    "actuarial:back_to_shipped": verb("actuary", not_by="compliance").sending(
        table="referral/referral"
    ),
    "actuarial:impact": page("actuary", not_by="claims_handler", key="impact_run"),
    "actuarial:impact_export": file("actuary", not_by="claims_handler", key="impact_run"),
    "actuarial:referral": page("actuary", not_by="insured_admin"),
    "actuarial:adequacy": page("actuary", not_by="claims_handler"),
    "actuarial:adequacy_export": file("actuary", not_by="claims_handler"),
    "actuarial:calibration": page("actuary", not_by="claims_handler"),
    "actuarial:fits": page("actuary", not_by="claims_handler"),
    "actuarial:fit_upload": verb("actuary", not_by="chief_underwriter"),
    "actuarial:fit_own_claims": verb("actuary", not_by="auditor"),
    "actuarial:fit_compare": page("actuary", not_by="claims_handler"),
    "actuarial:fit": page("actuary", not_by="claims_handler", key="fit"),
    "actuarial:fit_ask": verb("actuary", not_by="underwriter", key="fit"),
    "actuarial:fit_withdraw": verb("actuary", not_by="underwriter", key="fit"),
    "actuarial:fit_paper": file("actuary", not_by="claims_handler", key="fit"),
    # --- supply chains ---
    "chains:chains": page("underwriter", not_by=OUTSIDER),
    "chains:new": page("underwriter", not_by="auditor"),
    "chains:import": page("underwriter", not_by=OUTSIDER, key="import"),
    "chains:import_again": verb("underwriter", not_by="auditor", key="import"),
    "chains:import_keep": verb("underwriter", not_by="actuary", key="import"),
    "chains:import_drop": verb("underwriter", not_by="actuary", key="import"),
    "chains:chain": page("underwriter", not_by=OUTSIDER, key="chain"),
    "chains:next_version": verb("underwriter", not_by="actuary", key="chain"),
    "chains:versions": page("actuary", not_by=OUTSIDER, key="chain"),
    "chains:difference": page("actuary", not_by=OUTSIDER, key="chain"),
    "chains:export": file("actuary", not_by=OUTSIDER, key="chain"),
    "chains:withdraw": verb("underwriter", not_by="actuary", key="chain"),
    "chains:map": page("underwriter", not_by=OUTSIDER, key="chain"),
    "chains:map_data": file("underwriter", not_by=OUTSIDER, key="chain"),
    "chains:nodes": page("underwriter", not_by=OUTSIDER, key="chain"),
    "chains:node": page("underwriter", not_by=OUTSIDER, key="chain", node="=sup"),
    "chains:storyboard": page("underwriter", not_by=OUTSIDER, key="chain"),
    "chains:paths": page("underwriter", not_by=OUTSIDER, key="chain"),
    "chains:providers": page("underwriter", not_by=OUTSIDER, key="chain"),
    "chains:fixes": page("underwriter", not_by=OUTSIDER, key="chain"),
    "chains:runs": page("underwriter", not_by=OUTSIDER, key="chain"),
    "chains:run_start": verb("actuary", not_by="auditor", key="chain"),
    "chains:run": page("actuary", not_by=OUTSIDER, key="run"),
    "chains:run_document": file("actuary", not_by=OUTSIDER, key="run", part="=simulation"),
    # --- parks ---
    "parks:parks": page("underwriter", not_by=OUTSIDER),
    "parks:mine": page("insured_admin", not_by="underwriter"),
    "parks:new": page("underwriter", not_by="actuary"),
    "parks:park": page("auditor", not_by=OUTSIDER, key="park"),
    "parks:document": file("auditor", not_by=OUTSIDER, key="park", form="=toml"),
    "parks:replace": verb("underwriter", not_by="actuary", key="park"),
    "parks:bind": verb("underwriter", not_by="actuary", key="park"),
    "parks:close": verb("underwriter", not_by="actuary", key="park"),
    "parks:members": page("auditor", not_by=OUTSIDER, key="park"),
    "parks:roll": file("auditor", not_by=OUTSIDER, key="park"),
    "parks:member": page("auditor", not_by=OUTSIDER, key="park_member"),
    "parks:leave": verb("underwriter", not_by="actuary", key="park_member"),
    "parks:link": verb("underwriter", not_by="actuary", key="park_member"),
    "parks:paper": file("auditor", not_by=OUTSIDER, key="park_certificate", language="=zh",
                        form="=pdf"),
    "parks:certificates": page("auditor", not_by=OUTSIDER, key="park"),
    "parks:pack": file("auditor", not_by=OUTSIDER, key="park_pack"),
    "parks:changes": page("auditor", not_by=OUTSIDER, key="park"),
    "parks:enrol": page("underwriter", not_by="actuary", key="park"),
    "parks:join": page("underwriter", not_by="actuary", key="park"),
    "parks:change": page("auditor", not_by=OUTSIDER, key="park_change"),
    "parks:faults": file("auditor", not_by=OUTSIDER, key="park_change"),
    "parks:apply": verb("underwriter", not_by="actuary", key="park_change"),
    "parks:again": verb("underwriter", not_by="actuary", key="park_change"),
    "parks:drop": verb("underwriter", not_by="actuary", key="park_change"),
    "parks:statement": page("auditor", not_by=OUTSIDER, key="park"),
    "parks:settlements": page("auditor", not_by=OUTSIDER, key="park"),
    "parks:settle": page("claims_handler", not_by="actuary", key="park"),
    "parks:settlement": page("auditor", not_by=OUTSIDER, key="park_event"),
    "parks:approve": verb("claims_approver", not_by="claims_handler", key="park_event"),
    "parks:reject": verb("claims_handler", not_by="actuary", key="park_event"),
    "parks:reverse": verb("claims_payment", not_by="claims_handler", key="park_event"),
    "parks:portrait": page("auditor", not_by=OUTSIDER, key="park"),
    "parks:services": page("auditor", not_by=OUTSIDER, key="park"),
    "parks:offer": verb("underwriter", not_by="actuary", key="park"),
    "parks:use": verb("underwriter", not_by="actuary", key="park"),
    "parks:withdraw": verb("underwriter", not_by="actuary", key="park_service"),
    # --- insurance programmes of chains ---
    "programmes:programmes": page("underwriter", not_by=OUTSIDER),
    "programmes:mine": page("insured_admin", not_by="underwriter"),
    "programmes:new": page("underwriter", not_by="actuary", chain="chain"),
    "programmes:programme": page("auditor", not_by=OUTSIDER, key="programme"),
    "programmes:close": verb("underwriter", not_by="actuary", key="programme"),
    "programmes:members": page("auditor", not_by=OUTSIDER, key="programme"),
    "programmes:enrol": page("underwriter", not_by="actuary", key="programme"),
    "programmes:member": page("auditor", not_by=OUTSIDER, key="programme_member"),
    "programmes:leave": verb("underwriter", not_by="actuary", key="programme_member"),
    "programmes:link": verb("underwriter", not_by="actuary", key="programme_member"),
    "programmes:certify": verb("underwriter", not_by="actuary", key="programme_member"),
    "programmes:paper": file("auditor", not_by=OUTSIDER, key="certificate", language="=zh"),
    "programmes:shares": page("auditor", not_by=OUTSIDER, key="programme"),
    "programmes:study_start": verb("actuary", not_by="auditor", key="programme"),
    "programmes:study": file("auditor", not_by=OUTSIDER, key="programme_study"),
    "programmes:settlements": page("auditor", not_by=OUTSIDER, key="programme"),
    "programmes:settle": verb("claims_handler", not_by="actuary", key="programme"),
    "programmes:settlement": page("auditor", not_by=OUTSIDER, key="settlement"),
    "programmes:approve": verb("claims_approver", not_by="claims_handler", key="settlement"),
    "programmes:reject": verb("claims_handler", not_by="actuary", key="settlement"),
    "programmes:reverse": verb("claims_payment", not_by="claims_handler", key="settlement"),
    "programmes:floats": page("auditor", not_by=OUTSIDER, key="programme"),
    "programmes:propose_floats": verb("actuary", not_by="auditor", key="programme_study"),
    "programmes:approve_floats": verb("actuary", not_by="auditor", key="programme_study"),
    "programmes:move_float": verb("underwriter", not_by=OUTSIDER, key="member_float",
                                  event="=recheck"),
    # --- residents' claims: claimants first ---
    "resident_claims:help": public(),
    "resident_claims:start": public(),
    "resident_claims:mine": public().answering(302),  # to the entrance
    "resident_claims:new": public().answering(405),
    "resident_claims:leave": public().answering(405),
    "resident_claims:state": public(key="resident_claim").answering(302),
    "resident_claims:step": public(key="resident_claim", step="=event").answering(302),
    "resident_claims:paper_back": public(key="resident_claim",
                                         paper="claim_paper").answering(405),
    "resident_claims:my_recovery": public(key="resident_claim").answering(302),
    "resident_claims:my_objection": public(key="resident_claim").answering(302),
    "resident_claims:withdraw": public(key="resident_claim").answering(405),
    "resident_claims:claims": page("claims_handler", not_by=OUTSIDER),
    "resident_claims:statistics": page("auditor", not_by=OUTSIDER),
    "resident_claims:recourse": page("auditor", not_by=OUTSIDER),
    "resident_claims:settings": page("auditor", not_by=OUTSIDER),
    "resident_claims:setting": verb("chief_underwriter", not_by="claims_handler",
                                    key="claim_scheme"),
    "resident_claims:pay_all": verb("claims_payment", not_by="claims_handler"),
    "resident_claims:runs": page("auditor", not_by=OUTSIDER),
    "resident_claims:run_start": verb("claims_handler", not_by="auditor"),
    "resident_claims:run": page("auditor", not_by=OUTSIDER, key="decision_run"),
    "resident_claims:run_results": file("auditor", not_by=OUTSIDER, key="decision_run"),
    "resident_claims:run_release": verb("claims_handler", not_by="auditor", key="decision_run"),
    "resident_claims:imports": page("auditor", not_by=OUTSIDER),
    "resident_claims:import": page("auditor", not_by=OUTSIDER, key="claim_import"),
    "resident_claims:import_take": verb("claims_handler", not_by="auditor", key="claim_import"),
    "resident_claims:import_cancel": verb("claims_handler", not_by="auditor",
                                          key="claim_import"),
    "resident_claims:paper": verb("claims_handler", not_by="auditor", key="claim_paper"),
    "resident_claims:recovery": verb("claims_payment", not_by="auditor", key="claim_recovery",
                                     event="=receive"),
    "resident_claims:answer": verb("claims_handler", not_by="auditor", key="claim_objection"),
    "resident_claims:claim": page("auditor", not_by=OUTSIDER, key="resident_claim"),
    "resident_claims:facts": page("claims_handler", not_by="auditor",
                                  key="resident_claim_to_pay"),
    "resident_claims:reveal": verb("claims_handler", not_by="auditor", key="resident_claim"),
    "resident_claims:report": verb("claims_handler", not_by="auditor", key="resident_claim"),
    "resident_claims:move": verb("claims_payment", not_by="auditor", key="resident_claim_to_pay",
                                 event="=pay"),
    # --- data pool ---
    "pool:overview": page("actuary", not_by=OUTSIDER),
    "pool:open": verb("operator", not_by="platform_admin"),
    "pool:admit": verb("operator", not_by="platform_admin").answering(404),  # names nobody
    "pool:end": verb("operator", not_by="platform_admin").answering(404),
    "pool:contribute": page("actuary", not_by="auditor"),
    "pool:template": file("actuary", not_by="auditor"),
    "pool:batches": page("actuary", not_by="auditor"),
    "pool:batch": page("actuary", not_by="underwriter", key="batch"),
    "pool:withdraw": verb("actuary", not_by="underwriter", key="batch").sending(reason="错报"),
    "pool:withdraw_all": verb("actuary", not_by="auditor"),
    "pool:credits": page("actuary", not_by="auditor"),
    "pool:releases": page("actuary", not_by=OUTSIDER),
    "pool:release": page("actuary", not_by=OUTSIDER).answering(302),  # without ?r=
    "pool:release_file": file("actuary", not_by=OUTSIDER).answering(302),
    "pool:publish": page("operator", not_by="actuary"),
    "pool:request": page("operator", not_by="actuary").answering(302),  # without ?q=
    # --- subsidies of premiums ---
    "subsidies:desk": page("regulator_miit", not_by="insured_admin"),
    "subsidies:new": page("regulator_miit", not_by="regulator_nfra"),
    "subsidies:open": page("insured_admin", not_by="underwriter"),
    "subsidies:offer": page("insured_admin", not_by="underwriter").answering(302),  # without ?s=
    "subsidies:apply": page("insured_admin", not_by="underwriter").answering(302),
    "subsidies:applications": page("underwriter", not_by=OUTSIDER),
    "subsidies:application": page("insured_admin", not_by=OUTSIDER, key="subsidy_application"),
    "subsidies:complete": page("insured_admin", not_by="auditor", key="subsidy_application"),
    "subsidies:withdraw": verb("insured_admin", not_by="underwriter", key="subsidy_application"),
    "subsidies:confirm": verb("underwriter", not_by="auditor", key="subsidy_application"),
    "subsidies:objection": verb("regulator_miit", not_by="underwriter",
                                key="subsidy_application"),
    "subsidies:change": verb("regulator_miit", not_by="underwriter", key="subsidy_application"),
    "subsidies:paper": file("insured_admin", not_by=OUTSIDER, key="subsidy_paper"),
    "subsidies:list": page("regulator_miit", not_by="underwriter", key="subsidy_list"),
    "subsidies:list_results": file("regulator_miit", not_by="underwriter", key="subsidy_list"),
    "subsidies:list_take": verb("regulator_miit", not_by="underwriter", key="subsidy_list"),
    "subsidies:list_drop": verb("regulator_miit", not_by="underwriter", key="subsidy_list"),
    "subsidies:payment_file": file("regulator_miit", not_by="underwriter",
                                   key="subsidy_payment"),
    "subsidies:public": public(),
    "subsidies:public_list": public(key="public_list"),
    "subsidies:subsidy": page("regulator_miit", not_by="insured_admin", key="subsidy"),
    "subsidies:rule": page("regulator_miit", not_by="insured_admin", key="subsidy"),
    "subsidies:rule_file": file("regulator_miit", not_by="insured_admin", key="subsidy",
                                number="=1"),
    "subsidies:end": verb("regulator_miit", not_by="insured_admin", key="subsidy"),
    "subsidies:decide": verb("regulator_miit", not_by="insured_admin", key="subsidy"),
    "subsidies:follow": verb("regulator_miit", not_by="insured_admin", key="subsidy"),
    "subsidies:register_file": file("regulator_miit", not_by="insured_admin", key="subsidy"),
    "subsidies:subsidy_applications": page("regulator_miit", not_by="insured_admin",
                                           key="subsidy"),
    "subsidies:lists": page("regulator_miit", not_by="insured_admin", key="subsidy"),
    "subsidies:template": file("regulator_miit", not_by="insured_admin", key="subsidy",
                               kind="=applications"),
    "subsidies:publication": page("regulator_miit", not_by="insured_admin", key="subsidy"),
    "subsidies:publish": verb("regulator_miit", not_by="insured_admin", key="subsidy"),
    "subsidies:payments": page("regulator_miit", not_by="insured_admin", key="subsidy"),
    "subsidies:pay": verb("regulator_miit", not_by="insured_admin", key="subsidy"),
    "subsidies:returns": page("regulator_miit", not_by="insured_admin", key="subsidy"),
    "subsidies:report": page("regulator_miit", not_by="insured_admin", key="subsidy"),
    "subsidies:report_file": file("regulator_miit", not_by="insured_admin", key="subsidy",
                                  kind="=csv"),
    # --- small firms ---
    "small_firms:firms": page("underwriter", not_by=OUTSIDER),
    "small_firms:plans": page("underwriter", not_by=OUTSIDER),
    "small_firms:start": verb("underwriter", not_by="auditor"),
    "small_firms:referrals": page("underwriter", not_by="auditor"),
    "small_firms:decide": verb("underwriter", not_by="auditor", key="small_quote"),
    "small_firms:look": verb("underwriter", not_by="auditor", key="small_quote"),
    "small_firms:policies": page("underwriter", not_by=OUTSIDER),
    "small_firms:pay": verb("underwriter", not_by="auditor", key="small_policy"),
    "small_firms:change_list": page("underwriter", not_by=OUTSIDER),
    "small_firms:change_pay": verb("underwriter", not_by="auditor", key="small_change"),
    "small_firms:batches": page("underwriter", not_by="auditor"),
    "small_firms:batch_new": page("underwriter", not_by="auditor"),
    "small_firms:batch_template": file("underwriter", not_by="auditor"),
    "small_firms:batch": page("underwriter", not_by="auditor", key="small_batch"),
    "small_firms:batch_progress": page("underwriter", not_by="auditor", key="small_batch"),
    "small_firms:batch_faults": file("underwriter", not_by="auditor", key="small_batch"),
    "small_firms:batch_quote": verb("underwriter", not_by="auditor", key="small_batch"),
    "small_firms:batch_cancel": verb("underwriter", not_by="auditor", key="small_batch"),
    "small_firms:batch_bind": verb("underwriter", not_by="auditor", key="small_batch"),
    "small_firms:renewals": page("underwriter", not_by="auditor"),
    "small_firms:renewal_run": verb("underwriter", not_by="auditor"),
    "small_firms:renewal": page("underwriter", not_by="auditor", key="small_renewal"),
    "small_firms:renewal_bind": verb("underwriter", not_by="auditor", key="small_renewal"),
    "small_firms:links": page("underwriter", not_by="auditor"),
    "small_firms:link_revoke": verb("underwriter", not_by="auditor", key="small_link"),
    "small_firms:months": page("underwriter", not_by=OUTSIDER),
    "small_firms:month_run": verb("underwriter", not_by="auditor"),
    "small_firms:month_archive": file("underwriter", not_by=OUTSIDER, key="small_run"),
    "small_firms:validation": page("underwriter", not_by="insured_admin"),
    "small_firms:firm": page("underwriter", not_by=OUTSIDER, key="small_firm"),
    "small_firms:answers": page("underwriter", not_by="auditor", key="small_firm"),
    "small_firms:save": verb("underwriter", not_by="auditor", key="small_firm"),
    "small_firms:scan": verb("underwriter", not_by=OUTSIDER, key="small_firm"),
    "small_firms:policy": page("underwriter", not_by=OUTSIDER, key="small_firm"),
    "small_firms:paper": file("underwriter", not_by=OUTSIDER, key="small_firm",
                              kind="=schedule", language="=zh"),
    "small_firms:incidents": page("underwriter", not_by=OUTSIDER, key="small_firm"),
    "small_firms:changes": page("underwriter", not_by=OUTSIDER, key="small_firm"),
    "small_firms:change_cancel": page("underwriter", not_by="auditor", key="small_firm"),
    "small_firms:change_name": page("underwriter", not_by="auditor", key="small_firm"),
    "small_firms:change_plan": page("underwriter", not_by="auditor", key="small_firm",
                                    plan="=essential"),
    "small_firms:change_back": verb("underwriter", not_by="auditor", key="small_firm",
                                    change="small_change"),
    "small_firms:endorsement": file("underwriter", not_by=OUTSIDER, key="small_firm",
                                    change="small_change", language="=zh"),
    "small_firms:renew": verb("underwriter", not_by=OUTSIDER, key="small_firm"),
    "small_firms:month": page("underwriter", not_by=OUTSIDER, key="small_firm"),
    "small_firms:month_at": page("underwriter", not_by=OUTSIDER, key="small_firm",
                                 month="small_month"),
    "small_firms:quote": page("underwriter", not_by=OUTSIDER, key="small_firm",
                              quote="small_quote"),
    "small_firms:terms": page("underwriter", not_by="auditor", key="small_firm",
                              quote="small_quote", plan="=plus").answering(302),  # bought already
    # Whoever holds no link finds nothing there.
    "small_firms:link_enter": public(secret="nobody").answering(404),
    "small_firms:link_home": public().answering(404),
    "small_firms:link_firm": public().answering(404),
    "small_firms:link_answers": public().answering(404),
    "small_firms:link_save": public().answering(404),
    "small_firms:link_scan": public().answering(404),
    "small_firms:link_policy": public().answering(404),
    "small_firms:link_paper": public(kind="=schedule", language="=zh").answering(404),
    "small_firms:link_incidents": public().answering(404),
    "small_firms:link_incident": public(incident="incident").answering(404),
    "small_firms:link_incident_notice": public(
        incident="incident", language="=zh").answering(404),
    "small_firms:link_incident_act": public(
        incident="incident", verb="=agree").answering(404),
    "small_firms:link_changes": public().answering(404),
    "small_firms:link_change_cancel": public().answering(404),
    "small_firms:link_change_name": public().answering(404),
    "small_firms:link_change_plan": public(plan="=essential").answering(404),
    "small_firms:link_change_back": public(change="small_change").answering(404),
    "small_firms:link_endorsement": public(change="small_change",
                                           language="=zh").answering(404),
    "small_firms:link_renew": public().answering(404),
    "small_firms:link_month": public().answering(404),
    "small_firms:link_quote": public(quote="small_quote").answering(404),
    "small_firms:again": verb("underwriter", not_by="auditor", key="small_firm",
                              quote="small_quote"),
    "small_firms:link_again": public(quote="small_quote").answering(404),
    "small_firms:link_terms": public(quote="small_quote", plan="=plus").answering(404),
    # --- dashboards and cases ---
    "cases:dashboard": page("underwriter", not_by=ANYBODY),
    "cases:case": page("underwriter", not_by=OUTSIDER, case="case"),
    # --- site ---
    "site:styleguide": public().answering(404),  # shown to developers alone
    # --- residents' cover ---
    "residents:schemes": page("underwriter", not_by=OUTSIDER),
    "residents:new": page("underwriter", not_by="auditor"),
    "residents:scheme": page("auditor", not_by=OUTSIDER, key="resident_scheme"),
    "residents:lists": page("auditor", not_by=OUTSIDER, key="resident_scheme"),
    "residents:take": verb("underwriter", not_by="auditor", key="resident_scheme"),
    "residents:links": page("auditor", not_by=OUTSIDER, key="resident_scheme"),
    "residents:link_new": page("underwriter", not_by="auditor", key="resident_scheme"),
    "residents:link": page("auditor", not_by=OUTSIDER, key="sale_link"),
    "residents:withdraw": verb("underwriter", not_by="auditor", key="sale_link"),
    "residents:list": page("auditor", not_by=OUTSIDER, key="resident_list"),
    "residents:issue": verb("underwriter", not_by="auditor", key="resident_list"),
    "residents:list_pace": verb("underwriter", not_by="auditor", key="resident_list"),
    "residents:cancel": verb("underwriter", not_by="auditor", key="resident_list"),
    "residents:faults": file("auditor", not_by=OUTSIDER, key="resident_list"),
    "residents:results": file("auditor", not_by=OUTSIDER, key="resident_list"),
    "residents:change_lists": page("auditor", not_by=OUTSIDER, key="resident_scheme"),
    "residents:changes_new": page("underwriter", not_by="auditor", key="resident_scheme"),
    "residents:changes_take": verb("underwriter", not_by="auditor", key="resident_scheme"),
    "residents:changes": page("auditor", not_by=OUTSIDER, key="resident_changes"),
    "residents:changes_apply": verb("underwriter", not_by="auditor", key="resident_changes"),
    "residents:changes_pace": verb("underwriter", not_by="auditor", key="resident_changes"),
    "residents:changes_cancel": verb("underwriter", not_by="auditor", key="resident_changes"),
    "residents:changes_results": file("auditor", not_by=OUTSIDER, key="resident_changes_done"),
    "residents:papers": verb("underwriter", not_by="auditor", key="resident_list"),
    "residents:part": file("underwriter", not_by="auditor", key="resident_part"),
    "residents:certificates": page("auditor", not_by=OUTSIDER),
    "residents:certificate": page("auditor", not_by=OUTSIDER, number="resident_certificate"),
    "residents:reveal": verb("underwriter", not_by="auditor", number="resident_certificate"),
    "residents:qr": file("auditor", not_by=OUTSIDER, number="resident_certificate"),
    "residents:paper": file("auditor", not_by=OUTSIDER, number="resident_certificate",
                            language="=zh"),
    "residents:proof": file("auditor", not_by=OUTSIDER, number="resident_certificate"),
    "residents:verify": public(),
    "residents:buy": public(secret="sale_secret"),
    "residents:receipt": public(secret="receipt_secret"),
    "residents:receipt_qr": public(secret="receipt_secret"),
    "residents:receipt_paper": public(secret="receipt_secret", language="=en"),
}

PARAMETERS: dict[str, str] = {
    # The API's path up to a parameter -> the object it names, where neither the parameter's name
    # (x_id names "x") nor the word before it (/cases/{key} names "case") says so.
    "/claims/duties/{key}": "duty",
    "/claims/incidents/{key}/advance/{event}": "=contain",
    "/claims/{key}/steps/{event}": "=agree",
    "/claims/{key}/items/{no}": "=1",
    "/monitoring/findings/{key}/{event}": "=dispute",
    "/monitoring/floats/{key}/{event}": "=recheck",
    "/actuarial/versions/{key}": "table_version",
    "/actuarial/impact/{key}": "impact_run",
    "/actuarial/fits/{key}": "fit",
    "/monitoring/readings/{key}": "monitoring_reading",
    "/monitoring/findings/{key}": "monitored_finding",
    "/monitoring/floats/{key}": "proposal",
    "/monitoring/proposals/{key}": "proposal",
    "/pool/batches/{key}": "batch",
    "/resident-claims/claims/{key}": "resident_claim",
    "/resident-claims/recoveries/{key}": "claim_recovery",
    "/resident-claims/objections/{key}": "claim_objection",
    "/resident-claims/runs/{key}": "decision_run",
    "/resident-claims/imports/{key}/{step}": "=taking",
    "/resident-claims/imports/{key}": "claim_import",
    "/resident-claims/settings/{key}": "claim_scheme",
    "/residents/schemes/{key}": "resident_scheme",
    "/residents/lists/{key}": "resident_list",
    "/residents/streams/{key}": "resident_stream",
    "/residents/streams/{key}/parts/{number}": "=1",
    "/residents/changes/{key}": "resident_changes",
    "/residents/certificates/{number}": "resident_certificate",
    "/residents/certificates/{number}/papers/{language}": "=zh",
    "/residents/links/{key}": "sale_link",
    "/residents/papers/{key}": "resident_part",
    "/parks/members/{key}": "park_member",
    "/parks/changes/{key}": "park_change",
    "/parks/packs/{key}": "park_pack",
    "/parks/events/{key}": "park_event",
    "/parks/services/{key}": "park_service",
    "/small-firms/firms/{key}": "small_firm",
    "/small-firms/quotes/{key}": "small_quote",
    "/small-firms/policies/{key}": "small_policy",
    "/small-firms/batches/{key}": "small_batch",
    "/small-firms/changes/{key}": "small_change",
    "/small-firms/renewals/{key}": "small_renewal",
    "/small-firms/links/{key}": "small_link",
    "/small-firms/months/runs/{key}": "small_run",
    "/chains/{key}/versions/{number}": "=1",
    "/subsidies/applications/{key}": "subsidy_application",
    "/subsidies/applications/{key}/papers/{document}": "=policy",
    "/subsidies/lists/{key}": "subsidy_list",
    "/programmes/members/{key}": "programme_member",
    "/programmes/floats/{key}": "member_float",
    "/programmes/studies/{key}": "programme_study",
    "/programmes/studies/{key}/floats/{step}": "=propose",
    "/chains/runs/{key}/parts/{part}": "=simulation",
}

BODIES: dict[str, str] = {
    # A field of an API body that must name one of insurer A's objects for the operation to be
    # reached; every other field is made from the description.
    "product": "product",
    "quote": "quote",
    "park_member": "park_member",
}
