"""The platform's commands: serve, demo, worker, audit, ledger, manage.

`register` is the entry point the engine's command line calls. Django is loaded when a command
runs, never before, so that the engine's own commands stay quick. Exit codes: 0 done, 1 a
verification that failed, 2 bad input.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dinghai.foundation.errors import Fault, InputError, Refusal

SETTINGS = "dinghai_platform.settings.site"


def register(subparsers: Any) -> None:
    """Add the platform's commands; each parser sets ``run``, a callable(args) -> exit code."""
    _add_serve(subparsers)
    _add_audit(subparsers)
    _add_ledger(subparsers)
    _add_demo(subparsers)
    manage = subparsers.add_parser("manage", help="run a Django management command")
    manage.add_argument("arguments", nargs=argparse.REMAINDER, metavar="COMMAND …")
    manage.set_defaults(run=run_manage)


def _add_serve(subparsers: Any) -> None:
    serve = subparsers.add_parser("serve", help="migrate, then run the site and its worker")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on")
    serve.add_argument("--port", type=int, default=8000)
    serve.add_argument("--no-worker", action="store_true", help="run the web server alone")
    serve.set_defaults(run=run_serve)
    worker = subparsers.add_parser("worker", help="run a worker alone")
    worker.add_argument("--parent", type=int, help="end when this process is gone")
    worker.add_argument("--until-idle", action="store_true", help="end when nothing waits")
    worker.set_defaults(run=run_worker)


def _add_audit(subparsers: Any) -> None:
    audit = subparsers.add_parser("audit", help="prove the audit chains")
    verbs = audit.add_subparsers(dest="verb", required=True)
    verify = verbs.add_parser("verify", help="walk every chain; exit 1 at the first broken link")
    verify.add_argument("--checkpoint", type=Path, metavar="FILE", help="prove against this one")
    verify.add_argument("--public-key", metavar="HEX", help="the key the checkpoint is signed with")
    _add_json(verify)
    verify.set_defaults(run=run_audit_verify)
    checkpoint = verbs.add_parser("checkpoint", help="export the signed heads of all chains")
    checkpoint.add_argument("-o", "--output", type=Path, metavar="FILE", help="stdout without it")
    _add_json(checkpoint)
    checkpoint.set_defaults(run=run_audit_checkpoint)
    key = verbs.add_parser("key", help="print the public key that checkpoints are signed with")
    _add_json(key)
    key.set_defaults(run=run_audit_key)


def _add_ledger(subparsers: Any) -> None:
    ledger = subparsers.add_parser("ledger", help="prove the books")
    verbs = ledger.add_subparsers(dest="verb", required=True)
    verify = verbs.add_parser("verify", help="every entry balances, totals tie, no orphan")
    _add_json(verify)
    verify.set_defaults(run=run_ledger_verify)


def _add_demo(subparsers: Any) -> None:
    from dinghai_platform.demo.command import add_parser

    add_parser(subparsers)


def _add_json(parser: argparse.ArgumentParser) -> None:
    # Suppressed, so that `dinghai --json audit verify` keeps what the front was told.
    parser.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS, help="one JSON document on stdout"
    )


def start_django() -> None:
    """Load the site's settings and rooms."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    import django

    django.setup()


def run_serve(args: argparse.Namespace) -> int:
    """Migrate, print the set-up link of a new site, and serve until told to stop."""
    os.environ["DINGHAI_BIND"] = args.host
    start_django()
    from dinghai_platform.core.server import serve

    return serve(args.host, args.port, with_worker=not args.no_worker)


def run_worker(args: argparse.Namespace) -> int:
    """Work on jobs until told to stop."""
    start_django()
    from dinghai_platform.core.server import work

    return work(parent=args.parent, until_idle=args.until_idle)


def run_manage(args: argparse.Namespace) -> int:
    """Hand the arguments to Django."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    from django.core.management import execute_from_command_line

    execute_from_command_line(["dinghai manage", *args.arguments])
    return 0


def run_audit_verify(args: argparse.Namespace) -> int:
    """Walk every chain, against a checkpoint if one is given."""
    start_django()
    from dinghai_platform.core import checkpoints

    heads = (
        checkpoints.read_checkpoint(args.checkpoint, public_key=args.public_key)
        if args.checkpoint
        else ()
    )
    readings = checkpoints.verify_all(heads)
    holds = all(reading.holds for reading in readings)
    if _as_json(args):
        _print_json(
            {
                "schema": "dinghai.audit_verification/1",
                "holds": holds,
                "checkpoint": str(args.checkpoint) if args.checkpoint else None,
                "chains": [reading.to_dict() for reading in readings],
            }
        )
        return 0 if holds else 1
    for reading in readings:
        said = f"{reading.length} links hold"
        if not reading.holds:
            said = f"BROKEN: link {reading.sequence} {reading.reason}"
        print(f"{reading.name} ({reading.tenant}): {said}")
    if not readings:
        print("there is no chain yet")
    return 0 if holds else 1


def run_audit_checkpoint(args: argparse.Namespace) -> int:
    """Export the signed heads of all chains."""
    start_django()
    from dinghai_platform.core import checkpoints

    document = checkpoints.make_checkpoint()
    if args.output is not None:
        _write(args.output, json.dumps(document, ensure_ascii=False, indent=1) + "\n")
        print(f"wrote {args.output}", file=sys.stderr)
    if args.output is None or _as_json(args):
        _print_json(document)
    return 0


def run_audit_key(args: argparse.Namespace) -> int:
    """Print the public key."""
    start_django()
    from dinghai_platform.core import checkpoints

    key = checkpoints.public_key_hex()
    if _as_json(args):
        _print_json({"schema": "dinghai.audit_key/1", "public_key": key})
    else:
        print(key)
    return 0


def run_ledger_verify(args: argparse.Namespace) -> int:
    """Check the books of every tenant."""
    start_django()
    from dinghai_platform.core.models import Organisation
    from dinghai_platform.ledger.queries import verify_books

    tenants = Organisation.objects.filter(kind__in=Organisation.TENANTS).order_by("id")
    readings = [verify_books(tenant) for tenant in tenants]
    holds = all(reading.holds for reading in readings)
    if _as_json(args):
        _print_json(
            {
                "schema": "dinghai.ledger_verification/1",
                "holds": holds,
                "books": [reading.to_dict() for reading in readings],
            }
        )
        return 0 if holds else 1
    for reading in readings:
        said = f"{reading.entries} entries hold" if reading.holds else "BROKEN"
        print(f"{reading.name} ({reading.tenant}): {said}")
        for fault in reading.faults:
            print(f"  entry {fault['entry']}: {fault['reason']}")
    return 0 if holds else 1


def _as_json(args: argparse.Namespace) -> bool:
    return bool(getattr(args, "json", False))


def _print_json(document: Any) -> None:
    print(json.dumps(document, ensure_ascii=False))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write: {error.strerror}", file=str(path),
                         mend="choose another file") from error


def main(arguments: Sequence[str] | None = None) -> int:
    """The platform's commands alone; the worker process that `serve` starts is one of them."""
    parser = argparse.ArgumentParser(prog="python -m dinghai_platform")
    register(parser.add_subparsers(dest="command", required=True))
    args = parser.parse_args(arguments)
    try:
        code: int = args.run(args)
    except InputError as error:
        code, fault = 2, error.fault
    except Refusal as error:
        code, fault = 1, Fault(error.message)
    else:
        return code
    if _as_json(args):
        _print_json({"error": fault.to_dict()})
    else:
        print(fault, file=sys.stderr)
    return code
