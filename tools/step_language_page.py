"""The reference page of the step language: its fields, and its tables as they stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from dinghai.supplychain.attack_facts import ATTACK_VERSION
from dinghai.supplychain.incidents import Incident, incidents, published_flows
from dinghai.supplychain.language import Language, shipped_language
from dinghai.supplychain.language_files import Figure, Step
from dinghai.supplychain.template_file import Template, shipped_templates

Table = Callable[[Sequence[str], Iterable[Sequence[object]]], str]

FIELDS = f"""\
# Step language, mitigations and templates

How it is meant, and how far it can be trusted: [attack steps](../explanation/attack-steps.md).
Files in `src/dinghai/data/supplychain`; `read_language(folder)` reads other `steps.toml` and
`mitigations.toml` and names every fault with file, line, field and mend. Techniques, tactics and
mitigations are those of ATT&CK v{ATTACK_VERSION}, enterprise and ICS
(© The MITRE Corporation), in `attack_techniques.csv` and `attack_mitigations.csv`, rebuilt by
`python -m dinghai.supplychain.rebuild_attack SOURCE_DIR OUT_DIR`.

A *figure* is `{{ value = …, interval = [low, high] }}`. Each row has `source` and `confidence`
(T read, A read elsewhere, M from memory, D judgement).

## steps.toml (`dinghai.step-language/1`)

| key | is |
|---|---|
| `version`, `as_of` | identity |
| `start` | the step at which an attack on the firm begins; no control acts on it |
| `highest_chance` | no finding raises a step above it |
| `steps.id`, `.name_zh`, `.name_en` | code and names |
| `steps.tactic`, `.techniques` | of ATT&CK; controls act through the mitigations of the \
techniques |
| `steps.also` | techniques by which published incidents name the step though they are of another \
tactic; no control acts through them |
| `steps.gate` | `or` (default): the first of `after` allows it; `and`: the last of them does |
| `steps.after` | the steps before it |
| `steps.assets` | the kinds of asset it happens on, a copy for each asset; none: once in a firm |
| `steps.once` | one copy for all of these assets, where there is any |
| `steps.exposed` | only on assets that the internet sees |
| `steps.opened_on` | kinds of asset on which a known vulnerability raises it |
| `steps.flaw_on` | kinds of asset on which an event of one vulnerability at all who hold a \
product comes in here; a step without `after` is taken in such events alone |
| `steps.entry`, `.exits` | the kind of attack link that comes in here; the kinds that go out \
from here. Each kind has one of each |
| `steps.chance` | of success once allowed, at a firm without any control and any finding |
| `steps.days`, `.sigma` | lognormal time once allowed: median, and sigma of its logarithm |
| `steps.peril`, `.stops` | what happens, and the share that stops of its assets' output \
(without assets: of the firm's) |

Two steps that may happen on the same kinds of asset join only where they share an asset; all others
join wherever both are. An `and` step may wait only for steps that happen once, or on its own \
assets.
A step whose way in is missing at a firm (an `and` step: any of them) is not there at that firm.

## mitigations.toml (`dinghai.step-mitigations/1`)

| key | is |
|---|---|
| `controls.indicator` | the indicator whose score is the coverage; one row each |
| `controls.mitigations` | the ATT&CK mitigations it stands for |
| `controls.steps` | where it stands; none named: wherever its mitigations reach |
| `controls.capability`, `.reliability` | share of attempts the complete control stops; share of \
time and places where it works |
| `controls.shape` | `linear`, or `complete_only`: the cube of the score |
| `controls.slows` | at full effect the step takes 1 + this times as long |
| `containment.median_days`, `.sigma` | lognormal time until an attack is thrown out, where \
nobody looks |
| `containment.controls` → `strength` | times exp(−strength × score) |
| `tempering.shared`, `.containment`, `.alone` | exponents about half-implemented controls: of \
steps that lead to several perils or out of the firm, of containment, and by peril of steps that \
lead to it alone. Fitted by `python -m dinghai.supplychain.fit_tempering CHAIN…` |
| `findings.kev_exposed` | raise by a known-exploited vulnerability |
| `findings.epss` | raise by its EPSS probability times this |
| `findings.severity`, `.technique` | raise where neither feed has it; raise by a weakness that \
opens a technique |
| `findings.inside` | factor on steps that do not start at the internet |

A control that reaches no step is refused.

## templates.toml (`dinghai.firm-templates/1`)

| key | is |
|---|---|
| `exposure.kinds` | assets that the internet sees where the chain does not say |
| `sizes.sections` → `headcount`, `revenue_yuan` | what makes a firm large, medium, small: both; \
the last row is for all other sections |
| `templates.sections` | sections of GB/T 4754; each has one template |
| `…_per_head`, `gross_profit_rate`, `online_revenue`, `…_hours` | figures that stand in for what \
is not given |
| `operations_systems` | by size: micro, small, medium, large |
| `runs` | the size from which on a kind of asset is there |
| `output_share`, `output_share_interval` | the part of the output that stops with it |

A firm may name its `template`. A link says what its ends must run: who sends updates has a build
pipeline, remote access has a gateway and mail a mail system at both ends, shared data come from
files, a client of a shared provider has a cloud.
"""


def page(table: Table) -> str:
    """The page's text."""
    language = shipped_language()
    return "\n".join((
        FIELDS, "## The steps", "", _steps(language, table), "",
        "## The controls", "", _controls(language, table), "",
        "## Containment and findings", "", _rules(language, table), "",
        "## The templates", "", _templates(table), "",
        "## The nine incidents", "", _incidents(language, table), ""))


def _steps(language: Language, table: Table) -> str:
    return table(
        ("step", "中文", "English", "tactic", "techniques", "after", "on", "chance", "days",
         "impact", "links", "mark"),
        [(f"`{one.id}`", one.name_zh, one.name_en, one.tactic, " ".join(one.techniques),
          (" **and** " if one.gate == "and" else " or ").join(one.after), _assets(one),
          _figure(one.chance), _figure(one.days),
          f"{one.peril} {_figure(one.stops)}" if one.stops else "", _links(one),
          one.confidence) for one in language.steps])


def _assets(one: Step) -> str:
    words = ["once:"] if one.once else []
    words += ["exposed:"] if one.exposed else []
    return " ".join((*words, ", ".join(one.assets)))


def _links(one: Step) -> str:
    return "; ".join((*([f"in {one.entry}"] if one.entry else []),
                      *(f"out {kind}" for kind in one.exits)))


def _controls(language: Language, table: Table) -> str:
    return table(
        ("indicator", "mitigations", "capability", "reliability", "slows", "acts on", "source",
         "mark"),
        [(one.indicator + (" (complete only)" if one.shape != "linear" else ""),
          " ".join(one.mitigations), _figure(one.capability), _figure(one.reliability),
          _figure(one.slows) if one.slows else "",
          ", ".join(step.id for place, step in enumerate(language.steps)
                    if language.reach[row, place] > 0.0),
          one.source, one.confidence) for row, one in enumerate(language.controls)])


def _rules(language: Language, table: Table) -> str:
    held, found = language.mitigations.containment, language.mitigations.findings
    tempered = language.mitigations.tempering
    rows: list[tuple[str, Figure, str, str]] = [
        ("containment, median days", held.median_days, held.source, held.confidence),
        ("containment, sigma", held.sigma, held.source, held.confidence)]
    rows += [(f"containment by {one.indicator}", one.strength, one.source, one.confidence)
             for one in held.controls]
    rows += [(f"finding: {name}", getattr(found, name), found.source, found.confidence)
             for name in ("kev_exposed", "epss", "inside")]
    rows += [(f"finding: {name}, {severity}", figure, found.source, found.confidence)
             for name in ("severity", "technique")
             for severity, figure in getattr(found, name).items()]
    exponents = {"shared": tempered.shared, "containment": tempered.containment, **tempered.alone}
    return table(("figure", "value", "source", "mark"), [
        *((name, _figure(figure), source, mark) for name, figure, source, mark in rows),
        *((f"tempering: {name}", f"{value:g}", tempered.source, tempered.confidence)
          for name, value in exponents.items())])


def _templates(table: Table) -> str:
    figures = [name for name in Template.__struct_fields__ if name.endswith((
        "_yuan", "_head", "_rate", "_revenue", "_hours"))]
    file = shipped_templates()
    rows = [(name.replace("_", " "), *(_figure(getattr(one, name)) for one in file.templates))
            for name in figures]
    rows += [(f"runs {kind}, and output that stops with it", *(
        f"{one.runs[kind]} {one.output_share.get(kind, 0):g}" if kind in one.runs else ""
        for one in file.templates)) for kind in file.templates[0].runs | {
            kind: None for one in file.templates for kind in one.runs}]
    return table(("figure", *(f"{one.id} ({one.sections})" for one in file.templates)), rows)


def _incidents(language: Language, table: Table) -> str:
    return table(
        ("incident", "techniques", "edges within one step", "by one way", "by more ways",
         "along a link", "ANDs of the flow", "steps the flow does not show"),
        [(f"{one.name_zh} {one.name_en}", len(one.taken), *_edges(one),
          _conjunctions(one), ", ".join(
              f"`{code}`" + (" (first firm)" if firm == 0 and any(
                  taken.firm for taken in one.taken) else "") for firm, code in one.implied))
         for one in incidents(language)]) + (
        f"\n\n{len(published_flows())} flows; edges through conditions, assets and operators are "
        "counted from technique to technique.")


def _edges(one: Incident) -> tuple[int, int, int, int]:
    inside = [len(edge.steps) for edge in one.passed if edge.link is None]
    return (inside.count(1), inside.count(2), sum(length > 2 for length in inside),
            sum(edge.link is not None for edge in one.passed))


def _conjunctions(one: Incident) -> str:
    words = [f"gate `{joined.gate}`" if joined.by == "gate" else joined.by
             for joined in one.joined]
    return ", ".join(f"{number} × {word}" for word, number in Counter(words).items())


def _figure(figure: Figure) -> str:
    low, high = figure.interval
    if low == high == figure.value:
        return _number(low)
    return f"{_number(figure.value)} [{_number(low)}, {_number(high)}]"


def _number(value: float) -> str:
    return f"{value:,.10g}"
