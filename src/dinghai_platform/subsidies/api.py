"""The API of subsidies: open, apply, decide, publish, pay, take back, report."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import msgspec
from django.http import HttpRequest
from ninja import File, Form, Query, Router, Status
from ninja.files import UploadedFile

from dinghai.schemes.subsidy_register import Reason
from dinghai.schemes.subsidy_rule import SubsidyRule
from dinghai.schemes.subsidy_words import say_reason
from dinghai_platform.core.permissions import require
from dinghai_platform.core.schemas import ERRORS, PageQuery, part_of
from dinghai_platform.core.tenancy import scope_of
from dinghai_platform.subsidies import queries, schemas
from dinghai_platform.subsidies.book import Written, read_book, register_document
from dinghai_platform.subsidies.models import Application, FileList, Payment, PublicList, Subsidy
from dinghai_platform.subsidies.plainly import in_plain_words
from dinghai_platform.subsidies.rule_files import kept_rule
from dinghai_platform.subsidies.services import applications, lists
from dinghai_platform.subsidies.services.changes import follow_policies, report_change
from dinghai_platform.subsidies.services.decisions import decide_waiting, share_out
from dinghai_platform.subsidies.services.payments import pay_grants
from dinghai_platform.subsidies.services.publication import object_to, publish_list
from dinghai_platform.subsidies.services.rules import change_rule, end_subsidy, open_subsidy
from dinghai_platform.subsidies.stating import Statement

router = Router(tags=["subsidies"])
Made = dict[str, Any]


def _fields(row: Any, *names: str) -> Made:
    return {name: getattr(row, name) for name in names}


def _subsidy(row: Subsidy) -> Made:
    return {"authority": row.authority_id, "register_length": row.length,
            "register_head": row.head, **_fields(
                row, "id", "code", "name_zh", "name_en", "state", "mode", "version", "first",
                "last", "budget_fen", "used_fen", "left_fen", "closed_on")}


def _with_rule(row: Subsidy) -> Made:
    version = queries.rule_in_force(row)
    return {"subsidy": _subsidy(row), "rule": version.document,
            "rule_hash": version.document_hash,
            "in_words": [_fields(one, "title", "text")
                         for one in in_plain_words(kept_rule(version).rule)]}


def _application(row: Application) -> Made:
    return {"subsidy": row.subsidy_id, "organisation": row.organisation_id,
            "insurer": row.insurer_id, "policy": row.policy_id,
            "firm_policy": row.firm_policy_id, **_fields(
                row, "id", "number", "source", "state", "name", "credit_code", "sector", "area",
                "size", "policy_no", "applied_at", "decided_on", "premium_fen", "basis_fen",
                "entitled_fen", "granted_fen", "paid_fen", "returned_fen", "due_fen",
                "refund_fen", "cancelled", "published_until")}


def _reasons(rule: SubsidyRule, reasons: Any) -> list[Made]:
    made = []
    for one in reasons:
        each = one if isinstance(one, Reason) else msgspec.convert(one, Reason)
        zh, en = say_reason(rule, each, "zh"), say_reason(rule, each, "en")
        made.append({**_fields(each, "code", "part", "truth"), "text_zh": zh.text,
                     "text_en": en.text, "mend_zh": zh.mend, "mend_en": en.mend})
    return made


def _list(row: FileList) -> Made:
    return {"subsidy": row.subsidy_id, "job": row.job_id, **_fields(
        row, "id", "kind", "state", "file_name", "rows", "added", "rejected", "result",
        "taken_at")}


def _public(row: PublicList) -> Made:
    return _fields(row, "id", "number", "day", "objections_until", "grants", "granted_fen",
                   "document", "document_hash")


def _payment(row: Payment) -> Made:
    return {"entry": row.entry_id, **_fields(row, "id", "number", "day", "count", "total_fen",
                                             "document", "document_hash")}


def _written(row: Subsidy, written: Written) -> Made:
    entries = written.entries
    fresh = queries.offered(row.pk)
    return {"entries_added": len(entries), "register_head": fresh.head,
            "left_fen": fresh.left_fen}


def _statement(body: Any) -> Statement:
    return Statement(body.sector, body.area, body.size, body.credit_code,
                     body.other_subsidies_fen, body.facts)


def _in_hand(request: HttpRequest, key: UUID, permission: str = "view_register") -> Subsidy:
    row = queries.subsidy(request.actor, key)
    require(request.actor, f"subsidies.{permission}", row)
    return row


def _one(request: HttpRequest, key: UUID, permission: str) -> Application:
    row = queries.application(request.actor, key)
    require(request.actor, f"subsidies.{permission}", row)
    return row


@router.get("/open", response={200: list[schemas.SubsidyRuleAnswer], **ERRORS},
            operation_id="subsidies_on_offer")
def offers(request: HttpRequest) -> list[Made]:
    """Every subsidy that takes applications, with its rule."""
    require(request.actor, "subsidies.apply")
    return [_with_rule(row) for row in queries.on_offer()]


@router.post("/expectations", response={200: schemas.SubsidyExpectationAnswer, **ERRORS},
             operation_id="expect_subsidy")
def expectation(request: HttpRequest, body: schemas.SubsidyStatementNew) -> Made:
    """What would be decided now; nothing is written and nothing promised."""
    require(request.actor, "subsidies.apply")
    row = queries.offered(body.subsidy)
    policy = queries.policy_to_apply_for(request.actor, body.policy)
    rule = kept_rule(queries.rule_in_force(row)).rule
    said = _statement(body)
    found, rule = applications.expect(
        row, policy, Statement(said.sector, said.area, said.size, said.credit_code,
                               said.other_subsidies_fen, said.facts,
                               tuple(one.id for one in rule.documents)), actor=request.actor)
    return {**_fields(found, "outcome", "basis_fen", "entitled_fen", "granted_fen"),
            "reasons": _reasons(rule, found.reasons)}


@router.get("/applications", response={200: schemas.SubsidyApplicationPart, **ERRORS},
            operation_id="subsidy_applications")
def application_list(request: HttpRequest, page: Query[PageQuery]) -> Made:
    """The applications the actor sees, newest first."""
    require(request.actor, "subsidies.view_applications")
    return part_of(queries.applications(request.actor).order_by("-id"), page, _application)


@router.post("/applications", response={201: schemas.SubsidyApplicationAnswer, **ERRORS},
             operation_id="apply_for_subsidy")
def application_new(request: HttpRequest, body: schemas.SubsidyStatementNew) -> Status:
    """Apply with a policy; it is decided at once. Papers are enclosed when it is completed."""
    require(request.actor, "subsidies.apply")
    row = queries.offered(body.subsidy)
    policy = queries.policy_to_apply_for(request.actor, body.policy)
    return Status(201, _application(applications.apply_for(
        row, policy, _statement(body), actor=request.actor)))


@router.get("/applications/{key}", response={200: schemas.SubsidyApplicationWholeAnswer, **ERRORS},
            operation_id="subsidy_application")
def application_one(request: HttpRequest, key: UUID) -> Made:
    """An application with its reasons and its entries in the register."""
    row = _one(request, key, "view_applications")
    rule = kept_rule(queries.rule_in_force(row.subsidy)).rule
    with scope_of(request.actor, tenant=row.tenant):  # who sees it sees its history
        entries = queries.entries_of(row)
    return {"application": _application(row), "stated": row.stated,
            "reasons": _reasons(rule, row.reasons),
            "entries": [_own(one, row.number) for one in entries]}


def _own(document: Any, number: str) -> Made:
    """An entry without what it says of other applications, and without texts of objections."""
    made = {name: value for name, value in document.items() if name != "text"}
    if made["kind"] == "published":
        made["applications"] = [number]
    return made


@router.post("/applications/{key}/completion",
             response={200: schemas.SubsidyApplicationAnswer, **ERRORS},
             operation_id="complete_subsidy_application")
def application_complete(
    request: HttpRequest, key: UUID, body: schemas.SubsidyCompletionNew
) -> Made:
    """Hand an application in again with what was missing; it keeps its place."""
    row = _one(request, key, "apply")
    return _application(applications.complete(row, _statement(body), actor=request.actor))


@router.post("/applications/{key}/withdrawal",
             response={200: schemas.SubsidyApplicationAnswer, **ERRORS},
             operation_id="withdraw_subsidy_application")
def application_withdraw(
    request: HttpRequest, key: UUID, body: schemas.SubsidyWithdrawalNew
) -> Made:
    """Take an application back before anything is paid; what it was granted is free again."""
    row = _one(request, key, "apply")
    return _application(applications.withdraw_application(
        row, reason=body.reason, actor=request.actor))


@router.post("/applications/{key}/papers/{document}",
             response={200: schemas.SubsidyApplicationAnswer, **ERRORS},
             operation_id="enclose_subsidy_paper")
def application_paper(
    request: HttpRequest, key: UUID, document: str, file: File[UploadedFile]
) -> Made:
    """Enclose a paper that the rule asks for; the application is decided anew."""
    row = _one(request, key, "apply")
    said = applications.said_in(row)
    return _application(applications.complete(
        row, said, papers={document: (file.read(), file.name or "")}, actor=request.actor))


@router.post("/applications/{key}/premium",
             response={200: schemas.SubsidyApplicationAnswer, **ERRORS},
             operation_id="confirm_subsidised_premium")
def application_premium(request: HttpRequest, key: UUID, body: schemas.SubsidyPremiumNew) -> Made:
    """Confirm, as the insurer, what others bore of the premium."""
    row = _one(request, key, "confirm_premium")
    return _application(applications.confirm_premium(
        row, borne_by_others_fen=body.borne_by_others_fen, actor=request.actor))


@router.post("/applications/{key}/objections",
             response={200: schemas.SubsidyApplicationAnswer, **ERRORS},
             operation_id="note_subsidy_objection")
def application_objection(
    request: HttpRequest, key: UUID, body: schemas.SubsidyObjectionNew
) -> Made:
    """Note an objection to a published grant, or what it has come to."""
    row = _one(request, key, "administer")
    return _application(object_to(row, number=body.number, status=body.status, text=body.text,
                                  actor=request.actor))


@router.post("/applications/{key}/changes",
             response={200: schemas.SubsidyApplicationAnswer, **ERRORS},
             operation_id="report_subsidy_change")
def application_change(request: HttpRequest, key: UUID, body: schemas.SubsidyChangeNew) -> Made:
    """Report a cancellation, a refund, or subsidy that came back."""
    row = _one(request, key, "administer")
    return _application(report_change(
        row, number=body.number, change=body.change, day=body.day, amount_fen=body.amount_fen,
        to_others_fen=body.to_others_fen,
        different=body.different, actor=request.actor))


@router.get("/lists/{key}", response={200: schemas.SubsidyListAnswer, **ERRORS},
            operation_id="subsidy_list")
def list_one(request: HttpRequest, key: UUID) -> Made:
    """A list: what it adds, and what became of it."""
    row = queries.file_list(request.actor, key)
    require(request.actor, "subsidies.view_register", row)
    return _list(row)


@router.post("/lists/{key}/taking", response={202: schemas.SubsidyListAnswer, **ERRORS},
             operation_id="take_subsidy_list")
def list_take(request: HttpRequest, key: UUID, body: schemas.SubsidyListTakeNew) -> Status:
    """Take a list that was looked through; a job does it."""
    row = queries.file_list(request.actor, key)
    return Status(202, _list(lists.start_taking(row, all_or_nothing=body.all_or_nothing,
                                                actor=request.actor)))


@router.post("/lists/{key}/dropping", response={200: schemas.SubsidyListAnswer, **ERRORS},
             operation_id="drop_subsidy_list")
def list_drop(request: HttpRequest, key: UUID) -> Made:
    """Give up a list that was looked through."""
    row = queries.file_list(request.actor, key)
    return _list(lists.drop_list(row, actor=request.actor))


@router.get("", response={200: schemas.SubsidyPart, **ERRORS}, operation_id="subsidies")
def subsidy_list(request: HttpRequest, page: Query[PageQuery]) -> Made:
    """The subsidies of the actor's authority."""
    require(request.actor, "subsidies.view_register")
    return part_of(queries.subsidies(request.actor).order_by("-id"), page, _subsidy)


@router.post("", response={201: schemas.SubsidyAnswer, **ERRORS}, operation_id="open_subsidy")
def subsidy_open(request: HttpRequest, body: schemas.SubsidyRuleNew) -> Status:
    """Open a subsidy by its rule."""
    require(request.actor, "subsidies.administer")
    return Status(201, _subsidy(open_subsidy(_as_file(body), "rule.json", actor=request.actor)))


def _as_file(body: schemas.SubsidyRuleNew) -> bytes:
    return json.dumps(body.rule, ensure_ascii=False, indent=1).encode()


@router.get("/{key}", response={200: schemas.SubsidyRuleAnswer, **ERRORS}, operation_id="subsidy")
def subsidy_one(request: HttpRequest, key: UUID) -> Made:
    """One subsidy with its rule."""
    return _with_rule(_in_hand(request, key))


@router.post("/{key}/rules", response={200: schemas.SubsidyAnswer, **ERRORS},
             operation_id="change_subsidy_rule")
def subsidy_rule(request: HttpRequest, key: UUID, body: schemas.SubsidyRuleNew) -> Made:
    """Give the rule a new version; the old ones are never changed."""
    row = _in_hand(request, key, "administer")
    return _subsidy(change_rule(row, _as_file(body), "rule.json", actor=request.actor))


@router.post("/{key}/ending", response={200: schemas.SubsidyAnswer, **ERRORS},
             operation_id="end_subsidy")
def subsidy_end(request: HttpRequest, key: UUID, body: schemas.SubsidyReasonNew) -> Made:
    """Take no more applications."""
    row = _in_hand(request, key, "administer")
    return _subsidy(end_subsidy(row, reason=body.reason, actor=request.actor))


@router.post("/{key}/decisions", response={200: schemas.SubsidyWrittenAnswer, **ERRORS},
             operation_id="decide_waiting_subsidies")
def subsidy_decide(request: HttpRequest, key: UUID) -> Made:
    """Serve those that wait; of a proportional rule share the budget out, once."""
    row = _in_hand(request, key, "administer")
    verb = share_out if row.mode == "proportional" else decide_waiting
    return _written(row, verb(row, actor=request.actor))


@router.post("/{key}/following", response={200: schemas.SubsidyWrittenAnswer, **ERRORS},
             operation_id="follow_subsidised_policies")
def subsidy_follow(request: HttpRequest, key: UUID) -> Made:
    """Take what became of the policies on the platform since their application."""
    row = _in_hand(request, key, "administer")
    return _written(row, follow_policies(row, actor=request.actor))


@router.post("/{key}/lists", response={201: schemas.SubsidyListAnswer, **ERRORS},
             operation_id="check_subsidy_list")
def subsidy_lists(
    request: HttpRequest, key: UUID, file: File[UploadedFile], kind: Form[str]
) -> Status:
    """Give a list of applications, earlier grants, changes or objections: it is looked through,
    and nothing is written to the register."""
    row = _in_hand(request, key, "administer")
    return Status(201, _list(lists.check_list(row, kind, file.read(), file.name or "",
                                              actor=request.actor)))


@router.post("/{key}/publication", response={201: schemas.SubsidyPublicListAnswer, **ERRORS},
             operation_id="publish_subsidy_list")
def subsidy_publish(request: HttpRequest, key: UUID) -> Status:
    """Publish the grants that no list has shown."""
    row = _in_hand(request, key, "administer")
    return Status(201, _public(publish_list(row, actor=request.actor)))


@router.get("/{key}/publication", response={200: list[schemas.SubsidyPublicListAnswer], **ERRORS},
            operation_id="subsidy_public_lists")
def subsidy_published(request: HttpRequest, key: UUID) -> list[Made]:
    """The public lists of a subsidy, newest first."""
    row = _in_hand(request, key)
    with scope_of(request.actor, tenant=row.tenant):
        return [_public(one) for one in queries.public_lists_of(row).defer(None)]


@router.post("/{key}/payments", response={201: schemas.SubsidyPaymentAnswer, **ERRORS},
             operation_id="pay_subsidies")
def subsidy_pay(request: HttpRequest, key: UUID) -> Status:
    """Pay what may be paid: a list for the treasury, posted once."""
    row = _in_hand(request, key, "administer")
    return Status(201, _payment(pay_grants(row, actor=request.actor)))


@router.get("/{key}/payments", response={200: list[schemas.SubsidyPaymentAnswer], **ERRORS},
            operation_id="subsidy_payments")
def subsidy_paid(request: HttpRequest, key: UUID) -> list[Made]:
    """The payments of a subsidy, newest first."""
    row = _in_hand(request, key)
    with scope_of(request.actor, tenant=row.tenant):
        return [_payment(one) for one in queries.payments_of(row).defer(None)]


@router.get("/{key}/report", response={200: dict[str, Any], **ERRORS},
            operation_id="subsidy_report")
def subsidy_report(request: HttpRequest, key: UUID) -> Made:
    """The regulator's report (dinghai.subsidy-report/1)."""
    row = _in_hand(request, key)
    with read_book(row, request.actor) as book:
        return queries.report_of(book).to_dict()


@router.get("/{key}/register", response={200: dict[str, Any], **ERRORS},
            operation_id="subsidy_register")
def subsidy_register(request: HttpRequest, key: UUID) -> Made:
    """The register (dinghai.subsidy-register/1), as `dinghai subsidy` reads it."""
    row = _in_hand(request, key)
    with read_book(row, request.actor) as book:
        return register_document(book.subsidy)
