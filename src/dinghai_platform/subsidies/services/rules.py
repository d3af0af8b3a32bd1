"""Verbs on a whole subsidy: open it, give its rule a new version, end it."""

from __future__ import annotations

from django.db import transaction

from dinghai.foundation.chain import GENESIS
from dinghai.foundation.errors import InputError, Refusal
from dinghai.foundation.reading import plain
from dinghai.schemes.subsidy_rule import SubsidyRule
from dinghai.schemes.subsidy_standing import Standing
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import scope_of
from dinghai_platform.subsidies.book import held_book
from dinghai_platform.subsidies.models import RuleVersion, Subsidy
from dinghai_platform.subsidies.rule_files import GivenRule, read_given
from dinghai_platform.subsidies.services.common import given_reason


@transaction.atomic
def open_subsidy(content: bytes, name: str, *, actor: Actor) -> Subsidy:
    """Open a subsidy by its rule. The same rule again answers the one that is there.

    Raises InputError with every fault of the rule, Refusal where the authority has another one of
    its id.
    """
    require(actor, "subsidies.administer")
    given = read_given(content, name)
    rule = given.read.rule
    tenant = audit.platform_organisation()
    with scope_of(actor, tenant=tenant):
        audit.hold_chain(tenant)
        before = Subsidy.objects.within(tenant).filter(
            authority=actor.organisation, code=rule.id).first()
        if before is not None:
            first = before.versions.order_by("number")[0]
            if first.document_hash == given.read.hash:
                return before
            raise Refusal("there is a subsidy of this id already",
                          reasons=["give it a new version, or another id"])
        row = Subsidy(tenant=tenant, authority=actor.organisation, code=rule.id, head=GENESIS,
                      opened_by=actor.user)
        _apply(row, rule, rule.budget_fen)
        row.save(force_insert=True)
        _keep(row, given, 1, actor)
        audit.append(actor, "subsidies.opened", row, {
            "subsidy": rule.id, "version": rule.version, "hash": given.read.hash,
            "budget_fen": str(rule.budget_fen)})
    return row


def change_rule(subsidy: Subsidy, content: bytes, name: str, *, actor: Actor) -> Subsidy:
    """Give the rule a new version, which decides from now on; the old ones stay as they were.

    Raises InputError for faults, another id, a version that was given before, and a budget below
    what is taken of it; Refusal for a subsidy that has ended or whose budget was shared out.
    """
    require(actor, "subsidies.administer", subsidy)
    given = read_given(content, name)
    rule = given.read.rule
    with held_book(subsidy, actor) as book:
        row = book.subsidy
        if not row.is_open or row.closed_on is not None:
            raise Refusal("this subsidy has ended, or its budget was shared out",
                          reasons=["open another one"])
        versions = list(RuleVersion.objects.within(row.tenant).filter(subsidy=row).defer("text"))
        if given.read.hash == next(one.document_hash for one in versions
                                   if one.version == row.version):
            return row
        if rule.id != row.code:
            raise InputError("this is the rule of another subsidy", file=name, field="id",
                             mend=f"write id = {row.code!r}, or open another subsidy")
        if rule.version in {one.version for one in versions}:
            raise InputError("a version is never changed", file=name, field="version",
                             line=given.read.line("version"), mend="give it a new version")
        left = Standing(rule, book.register.entries).budget_left_fen()
        if left < 0:
            raise InputError("the budget is below what is taken of it", file=name, field="budget",
                             line=given.read.line("budget"),
                             mend=f"give at least {rule.budget_fen - left} fen")
        if rule.mode != row.mode and row.length:
            raise InputError("applications were decided the other way", file=name, field="mode",
                             line=given.read.line("mode"), mend=f"keep mode = {row.mode!r}")
        _apply(row, rule, left)
        row.save()
        _keep(row, given, len(versions) + 1, actor)
        audit.append(actor, "subsidies.rule_changed", row, {
            "subsidy": rule.id, "version": rule.version, "hash": given.read.hash,
            "budget_fen": str(rule.budget_fen), "left_fen": str(left)})
    return row


def end_subsidy(subsidy: Subsidy, *, reason: str, actor: Actor) -> Subsidy:
    """Take no more applications. Payments, what goes back, and reports go on.

    Raises InputError without a reason. One that has ended is answered as it is.
    """
    require(actor, "subsidies.administer", subsidy)
    reason = given_reason(reason)
    with held_book(subsidy, actor) as book:
        row = book.subsidy
        if not row.is_open:
            return row
        row.state, row.ended_at, row.ending_reason = (
            Subsidy.State.ENDED, clock.now(), reason)
        row.save(update_fields=("state", "ended_at", "ending_reason"))
        audit.append(actor, "subsidies.ended", row, {"subsidy": row.code, "reason": reason})
    return row


def _apply(row: Subsidy, rule: SubsidyRule, left_fen: int) -> None:
    row.name_zh, row.name_en, row.mode, row.version = (
        rule.name_zh, rule.name_en[:500], rule.mode, rule.version)
    row.first, row.last = rule.period.first, rule.period.last
    row.budget_fen, row.left_fen = rule.budget_fen, left_fen


def _keep(row: Subsidy, given: GivenRule, number: int, actor: Actor) -> RuleVersion:
    return RuleVersion.objects.create(
        tenant=row.tenant, authority=row.authority, subsidy=row, number=number,
        version=given.read.rule.version, document=plain(given.read.rule),
        document_hash=given.read.hash, text=given.text, file_name=given.name,
        given_by=actor.user)
