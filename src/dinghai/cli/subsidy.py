"""`dinghai subsidy`: premiums that an authority pays part of, from rule to regulator's report."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from dinghai.cli.output import DONE, REFUSED, Answer, Parser, add_command, table
from dinghai.cli.subsidy_files import (
    add_list_option,
    add_rows_option,
    add_run_options,
    begun,
    check_list,
    day_of,
    kept,
    write_list,
)
from dinghai.cli.subsidy_texts import (
    budget_lines,
    decision_dict,
    decision_rows,
    fault_lines,
    report_lines,
    rule_lines,
)
from dinghai.foundation.canonical import JSON
from dinghai.foundation.money import format_yuan, yuan
from dinghai.foundation.reading import plain
from dinghai.schemes.subsidy_applications import Applications, columns_for, read_applications
from dinghai.schemes.subsidy_carry import carry, read_grants
from dinghai.schemes.subsidy_changes import read_changes, take_changes
from dinghai.schemes.subsidy_decide import decide
from dinghai.schemes.subsidy_publication import pay, publish, read_objections
from dinghai.schemes.subsidy_register import read_register
from dinghai.schemes.subsidy_report import report
from dinghai.schemes.subsidy_rule import read_rule


def register(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the commands."""
    parser = subparsers.add_parser("subsidy", help="premiums that an authority pays part of")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)
    check = add_command(commands, "check", _check, "read a rule, and say what it says")
    check.add_argument("rule", type=Path, metavar="RULE")
    template = add_command(commands, "template", _template,
                           "the columns of a rule's applications, as CSV")
    template.add_argument("rule", type=Path, metavar="RULE")
    one = add_command(commands, "decide", _decide, "decide applications, within rule and budget")
    one.add_argument("rule", type=Path, metavar="RULE")
    one.add_argument("applications", type=Path, metavar="APPLICATIONS", nargs="?",
                     help="CSV, Excel or Parquet, one row a policy (default: only what waits)")
    one.add_argument("--register", type=Path, metavar="REGISTER",
                     help="what was decided before (default: nothing)")
    one.add_argument("--close", action="store_true",
                     help="of a proportional rule: share the budget out, once for all")
    earlier = add_command(commands, "carry", _carry,
                          "take over grants that were made before the register")
    earlier.add_argument("rule", type=Path, metavar="RULE")
    earlier.add_argument("grants", type=Path, metavar="GRANTS", help="CSV, Excel or Parquet")
    earlier.add_argument("--register", type=Path, metavar="REGISTER",
                         help="what there is already (default: nothing)")
    claw = add_command(commands, "clawback", _clawback,
                       "cancelled policies and refunds: what of the subsidy goes back")
    _of_register(claw)
    claw.add_argument("changes", type=Path, metavar="CHANGES", help="CSV, Excel or Parquet")
    for each in (one, earlier, claw):
        add_rows_option(each)
        add_run_options(each)
    public = add_command(commands, "publish", _publish, "the public list of new grants")
    _of_register(public)
    add_run_options(public)
    add_list_option(public)
    paying = add_command(commands, "pay", _pay, "the payment list after objections")
    _of_register(paying)
    paying.add_argument("--objections", type=Path, metavar="FILE", help="CSV, Excel or Parquet")
    add_rows_option(paying)
    add_list_option(paying)
    add_run_options(paying)
    _of_register(add_command(commands, "report", _report, "the regulator's report of a register"))


def _of_register(command: Parser) -> None:
    command.add_argument("rule", type=Path, metavar="RULE")
    command.add_argument("register", type=Path, metavar="REGISTER")


def _check(arguments: argparse.Namespace) -> Answer:
    text = read_rule(arguments.rule)
    document = {"schema": "dinghai.subsidy-check/1", "hash": text.hash, "rule": plain(text.rule)}
    return Answer(document, rule_lines(text.rule))


def _template(arguments: argparse.Namespace) -> Answer:
    columns = columns_for(read_rule(arguments.rule).rule)
    line = ",".join(one.id for one in columns)
    document = {"schema": "dinghai.subsidy-template/1", "csv": line + "\n", "columns": [
        {"id": one.id, "names": list(one.names), "kind": one.kind, "required": one.required}
        for one in columns]}
    return Answer(document, [line])


def _decide(arguments: argparse.Namespace) -> Answer:
    text, day = read_rule(arguments.rule), day_of(arguments)
    before = begun(text, arguments.register)
    given = (Applications("", (), (), 0) if arguments.applications is None
             else read_applications(arguments.applications, text.rule))
    found = decide(text, before, given.rows, day=day, close=arguments.close, file=given.file)
    rejected = sorted((*given.rejected, *found.rejected), key=lambda one: one.line or 0)
    _, about = kept(arguments, text, arguments.register, before, found.entries, rejected)
    counts = Counter(one.outcome for one in found.decided)
    document = {
        "schema": "dinghai.subsidy-decisions/1", "rule": text.rule.id,
        "version": text.rule.version, "day": day.isoformat(), "rows": given.total,
        "decisions": [decision_dict(text.rule, one) for one in found.decided],
        "unchanged": list(found.unchanged), "counts": dict(sorted(counts.items())),
        "granted_fen": sum(one.granted_fen for one in found.decided),
        "budget_left_fen": found.budget_left_fen, "notes": list(given.notes), **about}
    lines = [
        f"{given.total} rows: {len(found.decided)} decided, {len(found.unchanged)} stand as they "
        f"were, {len({one.line for one in rejected})} rejected",
        *(f"{name.replace('_', ' ')}: {count}" for name, count in sorted(counts.items())),
        "granted: " + format_yuan(document["granted_fen"]),
        "budget left: " + format_yuan(found.budget_left_fen), "",
        *decision_rows(text.rule, found.decided)]
    return Answer(document, [*lines, *_end(about, given.notes), *fault_lines(rejected)],
                  REFUSED if rejected else DONE)


def _carry(arguments: argparse.Namespace) -> Answer:
    text, day = read_rule(arguments.rule), day_of(arguments)
    before = begun(text, arguments.register)
    found = carry(text, before, read_grants(arguments.grants, text), day=day)
    _, about = kept(arguments, text, arguments.register, before, found.entries, found.rejected)
    document = {
        "schema": "dinghai.subsidy-carry/1", "rule": text.rule.id, "day": day.isoformat(),
        "rows": found.rows, "applications": list(found.applications),
        "granted_fen": found.granted_fen, "paid_fen": found.paid_fen,
        "budget_left_fen": found.budget_left_fen, "notes": list(found.notes), **about}
    return Answer(document, [
        f"{found.rows} rows: {len(found.applications)} taken over, "
        f"{format_yuan(found.granted_fen)} granted, {format_yuan(found.paid_fen)} paid",
        "budget left: " + format_yuan(found.budget_left_fen),
        *_end(about, found.notes), *fault_lines(found.rejected)],
        REFUSED if found.rejected else DONE)


def _clawback(arguments: argparse.Namespace) -> Answer:
    text, day = read_rule(arguments.rule), day_of(arguments)
    before = read_register(arguments.register, text)
    changes, read = read_changes(arguments.changes)
    found = take_changes(text, before, changes, day=day, file=read.file)
    rejected = sorted((*read.rejected, *found.rejected), key=lambda one: one.line or 0)
    after, about = kept(arguments, text, arguments.register, before, found.entries, rejected)
    left = report(text, after).budget
    document = {
        "schema": "dinghai.subsidy-clawback/1", "rule": text.rule.id, "day": day.isoformat(),
        "rows": read.total, "changes": [_without_hash(one) for one in found.entries],
        "unchanged": list(found.unchanged), "due_fen": found.due_fen,
        "budget_left_fen": left.left_fen, "notes": list(read.notes), **about}
    rows = [(one.number, one.application, one.change, one.day, format_yuan(one.refund_fen),
             format_yuan(one.returned_fen), format_yuan(one.granted_fen), format_yuan(one.due_fen))
            for one in found.entries]
    return Answer(document, [
        *table(("change", "application", "what", "day", "premium back", "subsidy back",
                "grant now", "due back"), rows),
        "", "due back in all: " + format_yuan(found.due_fen),
        "budget left: " + format_yuan(left.left_fen),
        *_end(about, read.notes), *fault_lines(rejected)], REFUSED if rejected else DONE)


def _publish(arguments: argparse.Namespace) -> Answer:
    text, day = read_rule(arguments.rule), day_of(arguments)
    before = read_register(arguments.register, text)
    found = publish(text, before, day=day)
    check_list(arguments)
    entries = [] if found.entry is None else [found.entry]
    _, about = kept(arguments, text, arguments.register, before, entries, ())
    write_list(arguments, ("申请编号", "申请单位", "统一社会信用代码", "行政区划代码",
                           "自行承担保费（元）", "补贴（元）"),
               [(one.application, one.name, one.credit_code, one.area, yuan(one.basis_fen),
                 yuan(one.granted_fen)) for one in found.rows])
    document = {
        "schema": "dinghai.subsidy-public-list/1", "rule": text.rule.id,
        "name_zh": text.rule.name_zh, "authority": text.rule.authority, "day": day.isoformat(),
        "objections_until": found.objections_until.isoformat(),
        "rows": [{"application": one.application, "name": one.name,
                  "credit_code": one.credit_code, "area": one.area, "basis_fen": one.basis_fen,
                  "granted_fen": one.granted_fen} for one in found.rows],
        "notes": list(found.notes), **about}
    return Answer(document, [
        f"{text.rule.name_zh}（{text.rule.authority}）: {len(found.rows)} grants, objections until "
        f"{found.objections_until}", "",
        *table(("application", "name", "credit code", "area", "premium borne", "subsidy"),
               [(one.application, one.name, one.credit_code, one.area or "–",
                 format_yuan(one.basis_fen), format_yuan(one.granted_fen)) for one in found.rows]),
        *_end(about, found.notes)])


def _pay(arguments: argparse.Namespace) -> Answer:
    text, day = read_rule(arguments.rule), day_of(arguments)
    before = read_register(arguments.register, text)
    check_list(arguments)
    objections, read = (([], None) if arguments.objections is None
                        else read_objections(arguments.objections))
    found = pay(text, before, objections, day=day, file=None if read is None else read.file)
    rejected = sorted((*(read.rejected if read else ()), *found.rejected),
                      key=lambda one: one.line or 0)
    _, about = kept(arguments, text, arguments.register, before, found.entries, rejected)
    total = sum(one.fen for one in found.payments)
    write_list(arguments, ("申请编号", "申请单位", "统一社会信用代码", "应付补贴（元）",
                           "他处应退（元）"),
               [(one.application, one.name, one.credit_code, yuan(one.fen), yuan(one.firm_due_fen))
                for one in found.payments])
    document = {
        "schema": "dinghai.subsidy-payments/1", "rule": text.rule.id, "day": day.isoformat(),
        "payments": [{"application": one.application, "name": one.name,
                      "credit_code": one.credit_code, "fen": one.fen,
                      "firm_due_fen": one.firm_due_fen} for one in found.payments],
        "held": [{"application": name, "reason": why} for name, why in found.held],
        "paid_fen": total, **about}
    return Answer(document, [
        *table(("application", "name", "credit code", "pay", "due back elsewhere"),
               [(one.application, one.name, one.credit_code, format_yuan(one.fen),
                 format_yuan(one.firm_due_fen)) for one in found.payments]),
        "", f"{len(found.payments)} payments, {format_yuan(total)}",
        *(f"held: {name}: {why.replace('_', ' ')}" for name, why in found.held),
        *_end(about, ()), *fault_lines(rejected)], REFUSED if rejected else DONE)


def _report(arguments: argparse.Namespace) -> Answer:
    text = read_rule(arguments.rule)
    found = report(text, read_register(arguments.register, text))
    return Answer(found.to_dict(), [*report_lines(found), "", *budget_lines(found.budget)])


def _without_hash(entry: object) -> dict[str, JSON]:
    document = plain(entry)
    document.pop("hash", None)
    return document


def _end(about: dict[str, JSON], notes: tuple[str, ...]) -> Iterator[str]:
    yield from (f"! {one}" for one in notes)
    yield (f"written: {about['output']}" if about["output"]
           else "nothing is written: name the register's file with -o")
