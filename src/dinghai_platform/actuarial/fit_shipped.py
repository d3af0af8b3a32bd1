"""Fits side by side, and beside the shipped calibration figures of the same thing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai.documents.fit_charts import law_name
from dinghai.documents.phrases import has_phrase
from dinghai.documents.severity_reading import in_order
from dinghai.experience.calibration_losses import series_titles
from dinghai.losses.tables import shipped_figures, shipped_raw
from dinghai_platform.actuarial.models import FitReport
from dinghai_platform.site.formats import is_chinese

_COUNTS: Final[Mapping[str, Any]] = {
    "hhs_ocr.notices": _("HHS register: notices a month"),
    "hhs_ocr.notices.hacking": _("HHS register: notices of hacking a month"),
    "wa_ag.notices": _("Washington register: notices a month"),
    "wa_ag.incidents_once": _("Washington register: incidents a month, clusters once"),
}
_DELAYS: Final[Mapping[str, Any]] = {
    "wa_ag.delay.as_reported": _("Washington register: delays as reported"),
    "wa_ag.delay.clusters_once": _("Washington register: delays, clusters once"),
}
_PARAMETERS: Final[Mapping[str, str]] = {
    "mu": "μ", "sigma": "σ", "theta": "θ", "tau": "τ", "alpha": "α", "xi": "ξ", "beta": "β",
    "threshold": "u", "tail_share": "p"}
_PLAIN_LAWS: Final = ("lognormal", "weibull", "pareto", "gamma")
_NO_PARAMETERS: Final = frozenset({"loglik", "aic", "ks"})
NONE: Final = "—"


@dataclass(frozen=True, slots=True)
class Value:
    """One figure of one fit: a number with its interval where it has one, or a word."""

    number: float | None = None
    interval: tuple[float, float] | None = None
    word: str = ""

    @property
    def is_given(self) -> bool:
        """Whether there is a figure."""
        return bool(self.word) or self.number is not None

    @property
    def text(self) -> str:
        """The figure as it is read."""
        if self.word or self.number is None:
            return self.word or NONE
        return _figure(self.number)

    @property
    def interval_text(self) -> str:
        """The interval behind it; empty where there is none."""
        return "" if self.interval is None else (
            f"{_figure(self.interval[0])} – {_figure(self.interval[1])}")


Profile = Mapping[str, Value]
"""The figures of one fit by their codes, such as ``tail.xi`` and ``lognormal.mu``."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure across all columns. ``apart``: two intervals of it do not touch."""

    name: str
    values: tuple[Value, ...]
    apart: bool


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Fits in columns, their figures in rows."""

    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    units_differ: bool


def series_choices(kind: str) -> list[tuple[str, str]]:
    """The shipped series that a fit of a kind can be held against, with their names."""
    return [(code, str(name)) for code, name in _series(kind).items()]


def series_of(kind: str, code: str) -> str | None:
    """The name of a shipped series; None where there is none of that kind."""
    name = _series(kind).get(code)
    return None if name is None else str(name)


def _series(kind: str) -> Mapping[str, Any]:
    if kind == "frequency":
        return _COUNTS
    if kind == "delay":
        return _DELAYS
    place = 0 if is_chinese() else 1
    return {code: names[place] for code, names in series_titles().items()}


def against_shipped(fit: FitReport) -> SideBySide | None:
    """A fit beside the shipped series that was chosen for it; None where none was."""
    name = series_of(fit.kind, fit.shipped) if fit.shipped else None
    if name is None or fit.document is None:
        return None
    own = columns_of(fit)
    # The shipped curve of delays has more days than a fit says; they have nothing to stand beside.
    shipped = {code: value for code, value in shipped_profile(fit.kind, fit.shipped).items()
               if not code.startswith("known_") or any(code in profile for _name, profile in own)}
    columns = [*own, (str(_("Shipped: %(name)s") % {"name": name}), shipped)]
    found = side_by_side(columns, units_differ=(
        fit.kind == "severity" and fit.unit != _unit_of(fit.shipped)))
    # What the shipped table has no figure of is said in the paper below.
    return replace(found, rows=tuple(row for row in found.rows if row.values[-1].is_given))


def compare_fits(first: FitReport, second: FitReport) -> SideBySide:
    """Two fits of one kind in columns, each group in its own."""
    return side_by_side([*columns_of(first), *columns_of(second)], units_differ=(
        first.kind == "severity" and first.unit != second.unit))


def side_by_side(
    columns: Sequence[tuple[str, Profile]], *, units_differ: bool = False
) -> SideBySide:
    """Every figure that a column has, in the order in which it first comes."""
    codes = list(dict.fromkeys(code for _name, profile in columns for code in profile))
    rows = []
    for code in codes:
        values = tuple(profile.get(code, Value()) for _name, profile in columns)
        intervals = [one.interval for one in values if one.interval is not None]
        apart = len(intervals) > 1 and (
            max(low for low, _high in intervals) > min(high for _low, high in intervals))
        rows.append(Row(figure_name(code), values, apart))
    return SideBySide(tuple(name for name, _profile in columns), tuple(rows), units_differ)


def columns_of(fit: FitReport) -> list[tuple[str, Profile]]:
    """A heading and the figures for each group of a fit."""
    document = fit.document or {}
    if "groups" not in document:
        return [(fit.title, profile_of(fit.kind, document))]
    return [(f"{fit.title} · {name or NONE}", profile_of(fit.kind, one))
            for name, one in document["groups"].items()]


def profile_of(kind: str, document: Mapping[str, Any]) -> Profile:
    """The figures of one document of the engine."""
    read = {"severity": _severity, "frequency": _frequency, "delay": _delay}[kind]
    return dict(read(document))


def _severity(document: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    yield "n", Value(document["n"])
    yield "floor", Value(document["floor"])
    fits, best = document["candidates"], document.get("best")
    yield "law", Value(word=_law(best))
    if best:
        yield "aic", Value(fits[best]["aic"])
        yield "ks", Value(fits[best]["ks"])
    tail = document["tail"]
    if tail is not None:
        yield "tail.threshold", Value(tail["threshold"])
        yield "tail.exceedances", Value(tail["exceedances"])
        yield "tail.xi", Value(tail["xi"], _pair(tail["xi_interval"]))
        yield "tail.beta", Value(tail["beta"])
    intervals = document.get("intervals", {})
    for law, fit in fits.items():
        for name, value in in_order(fit):
            if name not in _NO_PARAMETERS:
                yield f"{law}.{name}", Value(value, _pair(intervals.get(law, {}).get(name)))


def _frequency(document: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    yield "n", Value(document["n"])
    yield "periods", Value(document["n_periods"])
    yield "law", Value(word=_law(document["preferred"]))
    yield "mean", Value(document["mean"])
    yield "dispersion", Value(document["dispersion"])
    yield "size", Value(document["negative_binomial"].get("size"))
    yield "poisson.aic", Value(document["poisson"]["aic"])
    yield "negative_binomial.aic", Value(document["negative_binomial"]["aic"])
    exciting = document["self_exciting"]
    if exciting is not None:
        yield "branching", Value(exciting["branching"])
        yield "half_life", Value(exciting["half_life_days"])


def _delay(document: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    once = document["clusters_once"]
    yield "n", Value(document["n"])
    yield "median", Value(once["median_days"])
    yield "p90", Value(once["p90_days"])
    for days, share in once["known_after"].items():
        yield f"known_{days}", Value(share)
    for days, share in once["known_after"].items():
        yield f"ibnr_{days}", Value(1.0 / share if share else None)


def shipped_profile(kind: str, code: str) -> Profile:
    """The figures that the shipped table has of a series."""
    figures = {one.code.removeprefix(f"{code}."): Value(one.value, one.source.interval)
               for one in shipped_figures().values()
               if one.code.startswith(f"{code}.") and "." not in one.code[len(code) + 1:]}
    if kind != "severity":
        return figures
    about = _about(code)
    found = {"n": Value(about["n"]), "floor": Value(about.get("floor")),
             "law": Value(word=_law(about.get("law"))), "ks": Value(about.get("ks"))}
    if "tail_xi" in figures:
        found["tail.xi"] = figures["tail_xi"]
    for name, value in figures.items():
        law, _line, parameter = name.partition("_")
        if law in _PLAIN_LAWS and parameter in _PARAMETERS:
            found[f"{law}.{parameter}"] = value
    return found


def _about(code: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(
        one for one in shipped_raw(("experience",))["experience"]["series"] if one["code"] == code)
    return found


def _unit_of(code: str) -> str:
    return str(_about(code)["unit"])


def _pair(interval: Sequence[float] | None) -> tuple[float, float] | None:
    return None if interval is None else (float(interval[0]), float(interval[1]))


def _law(name: str | None) -> str:
    """The name of a law in the page's language."""
    if not name:
        return NONE
    known = has_phrase(f"fit_law.{name}")
    return law_name(name, "zh" if is_chinese() else "en") if known else name


def figure_name(code: str) -> str:
    """A figure's code in words."""
    known: dict[str, Any] = {
        "n": _p("fit", "Observations"), "floor": _("Reporting floor"), "law": _("Chosen law"),
        "aic": _("AIC of the chosen law"), "ks": _("KS distance of the chosen law"),
        "tail.threshold": _("Tail begins at"), "tail.exceedances": _("Exceedances"),
        "tail.xi": _("Shape of the tail ξ"), "tail.beta": _("Scale of the tail β"),
        "periods": _p("fit", "Periods"), "mean": _("Mean of a period"),
        "dispersion": _("Variance ÷ mean"), "size": _("Size of the negative binomial"),
        "branching": _("Events that one event brings"), "half_life": _("Half-life in days"),
        "out_of_time": _("Events out of time"),
        "median": _("Half are known after (days)"), "p90": _("Nine tenths are known after (days)"),
    }
    if code in known:
        return str(known[code])
    if code.startswith("known_"):
        return str(_("Share known after %(days)s days") % {"days": code.removeprefix("known_")})
    if code.startswith("ibnr_"):
        return str(_("All ÷ known after %(days)s days") % {
            "days": code.removeprefix("ibnr_")})
    law, dot, parameter = code.partition(".")
    if not dot:
        return code
    shown = "AIC" if parameter == "aic" else _PARAMETERS.get(parameter, parameter)
    return f"{_law(law)} {shown}"


def _figure(value: float) -> str:
    if isinstance(value, int) or (float(value).is_integer() and abs(value) < 1e15):
        return f"{value:,.0f}"
    return f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"
