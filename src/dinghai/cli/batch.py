"""`dinghai quote-batch`: many dossiers priced at once, into one table."""

from __future__ import annotations

import argparse
import csv
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, fields
from os import cpu_count
from pathlib import Path
from typing import Final

from dinghai.cli.output import DONE, REFUSED, Answer, Parser, add_command, table
from dinghai.cli.risk import amount_option, day_option
from dinghai.foundation.canonical import JSON
from dinghai.foundation.clock import SystemClock
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import format_yuan
from dinghai.pricing.batch import BatchRow, BatchTerms, price_batch

COLUMNS: Final = tuple(one.name for one in fields(BatchRow))
_SHOWN = 20


def register(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the command."""
    parser = add_command(subparsers, "quote-batch", _quote_batch,
                         "price every dossier of a folder under a product")
    parser.add_argument("folder", type=Path, metavar="FOLDER",
                        help="a folder of dossier folders and .zip archives")
    parser.add_argument("--product", required=True, metavar="ID",
                        help="a shipped product's id, or a product folder")
    parser.add_argument("--limit", metavar="AMOUNT", help="aggregate limit for all")
    parser.add_argument("--deductible", metavar="AMOUNT", help="event deductible for all")
    parser.add_argument("--light", action="store_true", help="the 28 light indicators only")
    parser.add_argument("--on", metavar="DATE", help="day of the assessments (default: today)")
    parser.add_argument("--inception", metavar="DATE",
                        help="first day of cover (default: the day after)")
    parser.add_argument("--workers", type=int, metavar="N",
                        help="processes (default: one for each core)")
    parser.add_argument("-o", "--output", type=Path, metavar="TABLE.csv|TABLE.parquet",
                        help="write the table here")
    parser.add_argument("--all-or-nothing", action="store_true",
                        help="write no table when a dossier cannot be priced")


def _quote_batch(arguments: argparse.Namespace) -> Answer:
    paths = _dossiers(arguments.folder)
    output: Path | None = arguments.output
    if output is not None and output.suffix not in {".csv", ".parquet"}:
        raise InputError(f"{output.name} is no kind of table", field="--output",
                         mend="name a .csv or .parquet file")
    if arguments.workers is not None and arguments.workers < 1:
        raise InputError(f"{arguments.workers} processes do no work", field="--workers",
                         mend="give one or more")
    terms = BatchTerms(
        product=arguments.product,
        on=day_option(arguments.on, "--on") or SystemClock().now().date(),
        inception=day_option(arguments.inception, "--inception"),
        limit_fen=amount_option(arguments.limit, "--limit"),
        deductible_fen=amount_option(arguments.deductible, "--deductible"),
        light=arguments.light)
    rows = list(_shown(price_batch(paths, terms, workers=arguments.workers or cpu_count() or 1),
                       len(paths)))
    faulty = [row for row in rows if row.faults]
    written = output is not None and not (faulty and arguments.all_or_nothing)
    if output is not None and written:
        _write(output, rows)
    document = _document(rows, terms, str(output) if written else None)
    return Answer(document, _text(document, faulty), REFUSED if faulty else DONE)


def _dossiers(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise InputError("there is no such folder", file=str(folder), mend="check the path")
    found = sorted(path for path in folder.iterdir()
                   if path.suffix == ".zip" or (path / "profile.toml").is_file())
    if not found:
        raise InputError("no dossier lies in this folder", file=str(folder),
                         mend="put dossier folders or .zip archives into it")
    return found


def _shown(rows: Iterable[BatchRow], total: int) -> Iterator[BatchRow]:
    """The rows, with a count on a terminal."""
    for number, row in enumerate(rows, start=1):
        if sys.stderr.isatty() and (number % 100 == 0 or number == total):
            print(f"\r{number} / {total}", end="" if number < total else "\n", file=sys.stderr)
        yield row


def _write(path: Path, rows: Sequence[BatchRow]) -> None:
    """The table; what is wrong stands in its row."""
    plain = [_plain(row) for row in rows]
    if path.suffix == ".parquet":
        import pyarrow
        import pyarrow.parquet

        kinds = {one.name: pyarrow.int64() if one.name.endswith(("_fen", "_ppm"))
                 else pyarrow.string() for one in fields(BatchRow)}
        pyarrow.parquet.write_table(
            pyarrow.Table.from_pylist(plain, pyarrow.schema(list(kinds.items()))), path)
        return
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(plain)


def _plain(row: BatchRow) -> dict[str, JSON]:
    faults = "; ".join(str(fault) for fault in row.faults)
    return {**asdict(row), "reasons": " ".join(row.reasons), "faults": faults}


def _document(rows: Sequence[BatchRow], terms: BatchTerms, output: str | None) -> JSON:
    priced = [row for row in rows if not row.faults]
    return {
        "schema": "dinghai.quote-batch/1", "product": terms.product, "on": terms.on.isoformat(),
        "dossiers": len(rows), "priced": len(priced),
        "outcomes": dict(Counter(row.outcome for row in priced).most_common()),
        "expected_loss_fen": sum(row.expected_loss_fen or 0 for row in priced),
        "technical_net_fen": sum(row.technical_net_fen or 0 for row in priced),
        "charged_net_fen": sum(row.charged_net_fen or 0 for row in priced),
        "gross_fen": sum(row.gross_fen or 0 for row in priced),
        "faults": [{"dossier": row.dossier, **fault.to_dict()}
                   for row in rows for fault in row.faults],
        "output": output,
    }


def _text(document: dict[str, JSON], faulty: Sequence[BatchRow]) -> list[str]:
    lines = [f"{document['priced']} of {document['dossiers']} dossiers priced: "
             f"gross {format_yuan(document['gross_fen'])}, technical net "
             f"{format_yuan(document['technical_net_fen'])}, expected payments "
             f"{format_yuan(document['expected_loss_fen'])} a year",
             *table(("outcome", "dossiers"), [(name, str(count)) for name, count
                                              in document["outcomes"].items()])]
    lines += [f"! {row.dossier}: {_plain(row)['faults']}" for row in faulty[:_SHOWN]]
    if len(faulty) > _SHOWN:
        lines.append(f"! and {len(faulty) - _SHOWN} more; all of them stand in the table")
    return lines
