"""The claim workbench, read: facts on one side, the live decision on the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from dinghai.claims.adjudication import adjudicate
from dinghai.documents.phrases import phrase
from dinghai.documents.readings import fact_name
from dinghai.foundation.errors import DinghaiError
from dinghai.wording.policy import Policy, read_policy
from dinghai_platform.claims import queries
from dinghai_platform.claims.bench_form import BenchForm, Place, place_key, row_id
from dinghai_platform.claims.comparing import Comparison, compare, key_of
from dinghai_platform.claims.comparison_view import ComparisonView, comparison_view
from dinghai_platform.claims.decision_view import DecisionView, decision_view, term_name
from dinghai_platform.claims.fields import entry_text, language
from dinghai_platform.claims.mattering import Matter, open_matters
from dinghai_platform.claims.models import Claim, EvidenceDocument, LossItem
from dinghai_platform.claims.reading import (
    JSONDocument,
    certain_of,
    file_of,
    item_document,
    policy_history,
)
from dinghai_platform.claims.services import Trial
from dinghai_platform.claims.words import FACT_GROUPS, word
from dinghai_platform.site.formats import money_text


@dataclass(frozen=True, slots=True)
class MatterView:
    """Why an unknown fact would matter, in words."""

    burden: str
    rules: tuple[str, ...]
    lines: tuple[int, ...]
    answers: tuple[tuple[str, str, str], ...]
    """Answer, what the total would be, and the tone of the move."""
    holds_back: bool

    @property
    def presses(self) -> bool:
        """Whether it holds a line back, or one answer to it would move the total."""
        return self.holds_back or bool(self.answers)


@dataclass(frozen=True, slots=True)
class Row:
    """One fact on the workbench."""

    place: Place
    name: str
    prover: str
    status: Any
    value: Any
    unit: Any
    evidence: Any
    cited: tuple[EvidenceDocument, ...]
    before: str
    matter: MatterView | None
    group: str
    is_changed: bool = False

    @property
    def anchor(self) -> str:
        """Its id on the page."""
        return row_id(self.place.key)

    @property
    def errors(self) -> list[str]:
        """What the form says about it."""
        bound = [one for one in (self.status, self.value, self.evidence) if one is not None]
        return [str(error) for one in bound for error in one.errors]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The facts of the event or of one loss item."""

    title: str
    item: LossItem | None
    groups: tuple[tuple[Any, tuple[Row, ...]], ...]
    member: Any = None
    supplier: Any = None

    @property
    def count(self) -> int:
        """How many facts it has."""
        return sum(len(rows) for _title, rows in self.groups)


@dataclass(frozen=True, slots=True)
class Tried:
    """What a trial comes to. ``decision`` is None where the engine cannot decide it."""

    trial: Trial
    base: JSONDocument | None
    decision: JSONDocument | None
    problem: str = ""
    comparison: Comparison | None = None

    @property
    def certain_fen(self) -> int | None:
        """The part that insurers pay on the facts as tried: what may be paid in advance."""
        if self.decision is None:
            return None
        return certain_of(self.decision)


@dataclass(slots=True)
class Bench:
    """Everything the workbench shows of a claim."""

    claim: Claim
    form: BenchForm
    tried: Tried
    matters: tuple[Row, ...] = ()
    waited: tuple[Row, ...] = ()
    """Unknown facts that a rule waits for, none of which alone would move the decision."""
    sheets: tuple[Sheet, ...] = ()
    view: DecisionView | None = None
    moves: ComparisonView | None = None
    problems: Sequence[tuple[str, str, str]] = field(default_factory=tuple)

    @property
    def empty(self) -> bool:
        """Whether no loss is claimed yet, so that the terms ask for nothing."""
        return not self.claim.items.all()

    @property
    def lines(self) -> list[tuple[Any, Any]]:
        """Every line of the decision with its move; None where nothing was tried."""
        found = self.tried.comparison
        moves = {move.key: move for move in found.lines} if found is not None else {}
        lines = self.tried.decision["lines"] if self.tried.decision is not None else ()
        shown = self.view.lines if self.view is not None else ()
        return [(view, moves.get(key_of(line)))
                for view, line in zip(shown, lines, strict=True)]


def make_form(claim: Claim, data: Any = None) -> BenchForm:
    """The form of a claim's facts."""
    event_ids, by_item = queries.relevant_facts(claim)
    items = list(claim.items.all())
    places = [Place(None, name, claim.facts.get(name)) for name in event_ids]
    places += [Place(item.no, name, item.facts.get(name))
               for item in items for name in by_item[item.no]]
    return BenchForm(data, claim=claim, items=items, places=places,
                     references=[one.reference for one in claim.incident.evidence.all()])


def try_trial(claim: Claim, trial: Trial) -> Tried:
    """The decision on the facts as they stand, and with the trial; nothing is stored."""
    policy, history = claim.terms, policy_history(claim)
    items = list(claim.items.all())
    base, problem = _decide(
        policy, file_of(claim, claim.facts, [item_document(item) for item in items]), history)
    if not trial:
        return Tried(trial, base, base, problem)
    decision, problem = _decide(policy, trial_document(claim, trial), history)
    moved = compare(base, decision) if base is not None and decision is not None else None
    return Tried(trial, base, decision, problem, moved)


def trial_document(claim: Claim, trial: Trial) -> JSONDocument:
    """The claim file as the trial would make it."""
    items = []
    for item in claim.items.all():
        row = {**item_document(item),
               "facts": _merged(item.facts, trial.items.get(item.no, {}))}
        if item.no in trial.parties:
            for name, said in zip(("insured", "supplier"), trial.parties[item.no], strict=True):
                row.pop(name, None)
                if said:
                    row[name] = said
        items.append(row)
    return file_of(claim, _merged(claim.facts, trial.event), items)


def _merged(known: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: entry for name, entry in known.items() if name not in changes}
    return kept | {name: entry for name, entry in changes.items() if entry is not None}


def _decide(
    policy: JSONDocument, file: JSONDocument, history: JSONDocument
) -> tuple[JSONDocument | None, str]:
    try:
        return adjudicate(policy, file, history), ""
    except DinghaiError as error:
        return None, str(error)


def read_bench(claim: Claim, form: BenchForm, *, whole: bool = True) -> Bench:
    """The workbench for a form; without ``whole`` only the side of the decision."""
    valid = form.is_bound and form.is_valid()
    trial = form.trial() if valid else Trial()
    bench = Bench(claim, form, try_trial(claim, trial))
    if form.is_bound and not valid:
        bench.problems = form.problems()
    evidence = {one.reference: one for one in claim.incident.evidence.all()}
    decision = bench.tried.decision
    if decision is not None:
        bench.view = decision_view(decision, evidence)
    if bench.tried.comparison is not None:
        assert decision is not None
        bench.moves = comparison_view(bench.tried.comparison, decision)
    if whole:
        _fill(bench, evidence)
    return bench


def _fill(bench: Bench, evidence: Mapping[str, EvidenceDocument]) -> None:
    base = bench.tried.base
    policy = read_policy(bench.claim.terms)
    matters = {place_key(one.item, one.fact): (one, _matter_view(one, base, policy))
               for one in (open_matters(base) if base is not None else ())}
    changed = _changed_keys(bench.tried.trial)
    rows = {key: _row(bench.form, place, evidence, matters.get(key, (None, None))[1],
                      key in changed)
            for key, place in bench.form.places.items()}
    first = [key for key in matters if key in rows]
    found = [rows[key] for key in first]
    bench.matters = tuple(row for row in found if row.matter is not None and row.matter.presses)
    bench.waited = tuple(row for row in found if row not in bench.matters)
    bench.sheets = tuple(_sheets(bench, rows, set(first)))


def _changed_keys(trial: Trial) -> set[str]:
    found = {place_key(None, name) for name in trial.event}
    return found | {place_key(no, name) for no, names in trial.items.items() for name in names}


def _sheets(bench: Bench, rows: Mapping[str, Row], first: set[str]) -> Iterator[Sheet]:
    form = bench.form
    for item in (None, *form.items):
        no = item.no if item else None
        mine = {key: row for key, row in rows.items()
                if row.place.item == no and key not in first}
        groups = tuple(
            (word(FACT_GROUPS, code), tuple(mine[place_key(no, name)] for name in names))
            for code, names in queries.grouped_facts(row.place.id for row in mine.values()))
        title = _("The event") if item is None else (
            f"{item.no} · {item.coverage_name}")
        yield Sheet(title, item, groups, _bound(form, f"i{no}:member"),
                    _bound(form, f"i{no}:supplier"))


def _bound(form: BenchForm, name: str) -> Any:
    return form[name] if name in form.fields else None


def _row(
    form: BenchForm, place: Place, evidence: Mapping[str, EvidenceDocument],
    matter: MatterView | None, changed: bool,
) -> Row:
    value = _bound(form, place.key)
    return Row(
        place=place, name=fact_name(place.id, language()),
        prover=phrase(f"burden.{place.definition.prover}", language()),
        status=form[f"{place.key}:status"], value=value,
        unit=getattr(form.fields.get(place.key), "unit", ""),
        evidence=form[f"{place.key}:evidence"],
        cited=tuple(evidence[one] for one in (place.known or {}).get("evidence", ())
                    if one in evidence),
        before=entry_text(place.id, dict(place.known) if place.known else None), matter=matter,
        group=place.id.split(".", 1)[0], is_changed=changed)


def _matter_view(one: Matter, decision: Any, policy: Policy) -> MatterView:
    lines = {line["no"]: line for line in decision["lines"]}
    first = lines.get(one.lines[0]) if one.lines else None
    names = tuple(term_name(code, first or decision["lines"][0], policy) for code in one.rules)
    total = decision["total_fen"]
    moving = [answer for answer in one.answers if answer.total_fen != total]
    answers = [(entry_text(one.fact, {"value": answer.value}), money_text(answer.total_fen),
                "good" if answer.total_fen > total else "bad") for answer in moving]
    return MatterView(
        burden=phrase(f"burden.{one.burden}", language()), rules=names, lines=tuple(one.lines),
        answers=tuple(answers), holds_back=one.holds_back)
