"""One study of losses as paragraphs, tables and charts: what a fit report says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dinghai.documents.blocks import Block, Cell, Column, Fields, Figures, Paragraph, Table
from dinghai.documents.drawing import Chart
from dinghai.documents.fit_charts import (
    hill_chart,
    law_name,
    mean_excess_chart,
    out_of_time_chart,
    qq_chart,
    survival_chart,
    threshold_chart,
)
from dinghai.documents.floored_charts import floored_qq_chart, floored_survival_chart
from dinghai.documents.formats import fixed, joined, number, share
from dinghai.documents.phrases import Language, has_phrase, phrase, pick
from dinghai.documents.screening import origin_rows, screened_table
from dinghai.experience.diagnostics import NOT_PARAMETERS, ThresholdFit, law_of
from dinghai.experience.limits import limits_of
from dinghai.experience.product_limit import ProductLimit, product_limit
from dinghai.experience.studies import SeverityStudy
from dinghai.foundation.canonical import JSON
from dinghai.foundation.laws import Law

_SYMBOLS: Final = {"mu": "μ", "sigma": "σ", "alpha": "α", "theta": "θ", "tau": "τ",
                   "threshold": "u", "xi": "ξ", "beta": "β", "tail_share": "p"}
"""In the order in which each law's parameters are written. A document that a database has kept may
have lost its own order."""
_MOST_LIMITS: Final = 7


def unit_words(unit: str, language: Language) -> str:
    """The name of what a loss counts; the unit itself where no words are known."""
    code = f"fit_unit.{unit or 'loss'}"
    return phrase(code, language) if has_phrase(code) else unit


def usual_limits(losses: npt.NDArray[np.float64], floor: float | None) -> tuple[float, ...]:
    """Round limits from about the median to about the largest loss: 1, 2 and 5 times tens."""
    low = max(float(np.quantile(losses, 0.5)), (floor or 0.0) * 1.0000001)
    high = float(losses.max())
    found = []
    power = int(np.floor(np.log10(low)))
    while 10.0**power <= high * 1.5:
        found += [factor * 10.0**power for factor in (1.0, 2.0, 5.0)]
        power += 1
    kept = [one for one in found if low <= one <= high * 1.5] or [high * 2.0]
    if len(kept) > _MOST_LIMITS:
        places = np.linspace(0, len(kept) - 1, _MOST_LIMITS)
        kept = [kept[round(one)] for one in places.tolist()]
    return tuple(kept)


@dataclass(frozen=True, slots=True)
class SeverityReading:
    """A study with its losses as an array and its laws put together again."""

    study: SeverityStudy
    language: Language
    losses: npt.NDArray[np.float64]
    laws: Mapping[str, Law]
    best: str | None

    @classmethod
    def of(cls, study: SeverityStudy, language: Language) -> SeverityReading:
        """The reading of a study. Raises InputError for a law nobody knows."""
        found = study.document
        laws = {name: law_of(name, candidate, found["floor"])
                for name, candidate in found["candidates"].items()}
        return cls(study, language, np.array(study.losses.values, dtype=np.float64), laws,
                   found.get("best"))

    @property
    def document(self) -> Mapping[str, JSON]:
        """What the fit says of itself."""
        return self.study.document

    @property
    def floor(self) -> float | None:
        """The reporting floor."""
        floor: float | None = self.document["floor"]
        return floor

    @property
    def highest_own_floor(self) -> float | None:
        """Of rows that differ in their floors; None where they do not."""
        own = self.document.get("row_floors")
        if self.study.floored is None or self.floor is not None or not own or not own["rows"]:
            return None
        return float(own["highest"])

    def say(self, code: str, **values: object) -> str:
        """Words of the report."""
        return phrase(f"fit.{code}", self.language, **values)

    def figures(self) -> Figures:
        """The four figures at the head."""
        tail = self.document["tail"]
        interval = ("", "") if tail is None else tuple(map(fixed, tail["xi_interval"]))
        return Figures((
            (self.say("n"), f"{len(self.losses):,}", self.say("n_note")),
            (self.say("floor"), *self._floor_words()),
            (self.say("best"), self.say("best_none") if self.best is None
             else law_name(self.best, self.language),
             "" if self.best is None else self.say("best_note")),
            (self.say("shape"), "—" if tail is None else fixed(tail["xi"]),
             "" if tail is None else self.say("shape_note", low=interval[0], high=interval[1]))))

    def _floor_words(self) -> tuple[str, str]:
        if self.highest_own_floor is not None:
            return (self.say("floor_own"),
                    self.say("floor_own_note", highest=number(self.highest_own_floor)))
        if self.floor is None:
            return self.say("floor_none"), ""
        return number(self.floor), self.say("floor_note")

    def data(self, licence: str, *, of_a_group: bool = False) -> list[Block]:
        """What the losses are, and what was left out; of a group its file says that."""
        rows = [(self.say("series"), pick(self.language, self.study.title_zh, self.study.title_en)
                 or self.study.code),
                (self.say("unit"), unit_words(self.study.unit, self.language)),
                *origin_rows(self.study.source, licence, self.language)]
        blocks: list[Block] = [Fields(tuple(rows), 1)]
        if len(self.losses):
            blocks.append(Table(
                tuple(Column(self.say(one), "right") for one in (
                    "smallest", "median", "sample_mean", "largest", "largest_share")),
                ((number(float(self.losses.min())), number(float(np.median(self.losses))),
                  number(float(self.losses.mean())), number(float(self.losses.max())),
                  share(float(self.losses.max() / self.losses.sum()))),)))
        if of_a_group:
            return blocks
        return [*blocks, *screened_table(self.document["screened_reasons"], self.language)]

    def candidates(self) -> list[Block]:
        """The laws side by side, the chosen one and why."""
        fits: Mapping[str, Any] = self.document["candidates"]
        if self.best is None or not fits:
            return [Paragraph(self.say("no_fit"))]
        ordered = sorted(fits, key=lambda one: float(fits[one]["aic"]))
        rows = tuple(
            (Cell(law_name(name, self.language), strong=name == self.best),
             parameter_words(fits[name]),
             f"{fits[name]['loglik']:,.1f}".replace("-", "−"),
             f"{fits[name]['aic']:,.1f}".replace("-", "−"), f"{fits[name]['ks']:.4f}")
            for name in ordered)
        table = Table((Column(self.say("law"), share=3), Column(self.say("parameters"), share=4),
                       Column(self.say("log_likelihood"), "right", 24),
                       Column(self.say("aic"), "right", 22),
                       Column(self.say("ks"), "right", 16)), rows)
        return [Paragraph(self.say("candidates_lead"), "keep"), table,
                Paragraph(self._why(fits, ordered)), *self._intervals()]

    def _why(self, fits: Mapping[str, Any], ordered: list[str]) -> str:
        best = law_name(ordered[0], self.language)
        if len(ordered) == 1:
            return self.say("chosen_alone", best=best)
        gap = float(fits[ordered[1]]["aic"]) - float(fits[ordered[0]]["aic"])
        said = [self.say("chosen_why", best=best, aic=number(float(fits[ordered[0]]["aic"]), 6),
                         other=law_name(ordered[1], self.language), gap=number(gap, 3))]
        if gap < 2.0:
            said.append(self.say("chosen_close"))
        nearest = min(fits, key=lambda one: float(fits[one]["ks"]))
        if nearest != ordered[0]:
            said.append(self.say("chosen_ks", law=law_name(nearest, self.language),
                                 ks=f"{fits[nearest]['ks']:.4f}"))
        return ("" if self.language == "zh" else " ").join(said)

    def _intervals(self) -> list[Block]:
        found = self.document.get("intervals")
        if not found:
            return []
        rows = tuple(
            (law_name(name, self.language), _SYMBOLS.get(parameter, parameter),
             self.say("to", low=number(low), high=number(high)))
            for name in sorted(found, key=lambda law: self.document["candidates"][law]["aic"])
            for parameter, (low, high) in in_order(found[name]))
        return [Table((Column(self.say("law"), share=2), Column(self.say("parameter")),
                       Column(self.say("interval"), "right", share=2)), rows,
                      label=self.say("intervals", samples=self.study.wanted.bootstrap))]

    def fit_charts(self) -> list[tuple[str, Chart]]:
        """Losses against the laws, by headings."""
        assert self.best is not None
        tail, unit = self.document["tail"], unit_words(self.study.unit, self.language)
        if self.study.floored is not None:
            return self._floored_charts(tail, unit)
        return [
            ("survival", survival_chart(
                self.losses, self.laws, self.best, floor=self.floor,
                threshold=None if tail is None else tail["threshold"], unit=unit,
                language=self.language)),
            ("qq", qq_chart(self.losses, self.laws[self.best], self.best, floor=self.floor,
                            unit=unit, language=self.language))]

    def _floored_charts(
        self, tail: Mapping[str, JSON] | None, unit: str
    ) -> list[tuple[str, Chart]]:
        """The same by the product limit; none where too few rows are ever in sight."""
        assert self.best is not None
        found = self.product_limit()
        if found is None:
            return []
        return [
            ("survival", floored_survival_chart(
                found, self.laws, self.best,
                threshold=None if tail is None else tail["threshold"], unit=unit,
                language=self.language)),
            ("qq", floored_qq_chart(found, self.laws[self.best], self.best, unit=unit,
                                    language=self.language))]

    def product_limit(self) -> ProductLimit | None:
        """The estimate behind the plots of rows with floors or limits of their own."""
        assert self.study.floored is not None
        return product_limit(*self.study.floored.arrays())

    def floored_words(self) -> list[Block]:
        """How losses with floors or limits of their own are drawn; nothing where none has."""
        if self.study.floored is None:
            return []
        found = self.product_limit()
        if found is None:
            return [Paragraph(self.say("product_limit_none"))]
        said = [self.say("product_limit_lead", start=number(found.start))]
        if found.left_out:
            said.append(self.say("product_limit_left_out", count=f"{found.left_out:,}",
                                 start=number(found.start)))
        return [Paragraph(("" if self.language == "zh" else " ").join(said), "keep")]

    def tail_words(self) -> list[Block]:
        """The tail in a sentence."""
        tail = self.document["tail"]
        if tail is None:
            return [Paragraph(self.say("no_tail"))]
        rule = tail["threshold_rule"]
        given = rule == "given"
        own = self.study.floored is not None
        alpha = (self.say("tail_light") if tail["tail_exponent"] is None
                 else self.say("tail_alpha", alpha=fixed(tail["tail_exponent"])))
        low, high = tail["xi_interval"]
        said = [self.say(
            "tail_lead", threshold=number(tail["threshold"]),
            rule=self.say("rule_given" if given else "rule_ks_own" if own else "rule_ks"),
            exceedances=f"{tail['exceedances']:,}", xi=fixed(tail["xi"]),
            low=fixed(low), high=fixed(high), beta=number(tail["beta"]), alpha=alpha)]
        if not given:
            said.append(self.say("threshold_caution"))
        return [Paragraph(("" if self.language == "zh" else " ").join(said))]

    def tail_charts(self) -> list[tuple[str, Chart, list[Block]]]:
        """Charts of the tail by heading, with words before them."""
        if self.best is None:
            return []
        tail, unit = self.document["tail"], unit_words(self.study.unit, self.language)
        found: list[tuple[str, Chart, list[Block]]] = []
        own = self.study.floored
        if own is not None:
            _sizes, floors, censored = own.arrays()
            self._stability(found, threshold_chart(
                self.losses, None if tail is None else tail["threshold"],
                language=self.language, floors=floors, censored=censored))
            return found
        excess = mean_excess_chart(self.losses, tail, unit=unit, language=self.language)
        if excess is not None:
            words: list[Block] = []
            if tail is not None and tail["xi"] >= 1.0:
                words.append(Paragraph(self.say("mean_excess_infinite"), "keep"))
            found.append(("mean_excess", excess, words))
        self._stability(found, threshold_chart(
            self.losses, None if tail is None else tail["threshold"], language=self.language))
        hill = hill_chart(self.losses, tail, language=self.language)
        if hill is not None:
            found.append(("hill", hill, []))
        return found

    def _stability(
        self, found: list[tuple[str, Chart, list[Block]]],
        made: tuple[Chart, tuple[ThresholdFit, ...]] | None,
    ) -> None:
        if made is None:
            return
        chart, fits = made
        tail = self.document["tail"]
        shapes = [one.xi for one in fits if tail is None or one.threshold != tail["threshold"]]
        found.append(("stability", chart, [Paragraph(
            self.say("stability_range", low=fixed(min(shapes)), high=fixed(max(shapes))),
            "keep")]))

    def limits(self) -> list[Block]:
        """Limited expected values, factors and layer means of the chosen law."""
        assert self.best is not None
        wanted = self.study.wanted.limits or usual_limits(self.losses, self.floor)
        rows = []
        own = self.study.floored is not None
        with np.errstate(all="ignore"):  # laws fitted at the edge of their range
            found = limits_of(self.laws[self.best], self.floor, wanted)
        for one in found:
            # the mean of losses that entered at floors of their own is no mean of all
            sample = () if own else (
                number(float(np.minimum(self.losses, one["limit"]).mean())),)
            rows.append((number(one["limit"]), number(one["limited_mean"]), *sample,
                         f"{one['factor']:.4f}", number(one["layer_mean"])))
        said: list[Block] = [Paragraph(self.say(
            "limits_lead_own" if own else "limits_lead",
            best=law_name(self.best, self.language)), "keep")]
        tail = self.document["tail"]
        if tail is not None and tail["xi_interval"][1] >= 1.0:
            said.append(Paragraph(self.say("limits_only"), "strong"))
        return [*said, Table(
            tuple(Column(self.say(one), "right") for one in (
                "limit", "limited_mean", *(() if own else ("observed_limited",)), "ilf",
                "layer_mean")), tuple(rows))]

    def out_of_time(self) -> list[Block]:
        """How the law did on later losses."""
        check = self.study.out_of_time
        if check is None:
            return [Paragraph(self.say("out_of_time_none"))]
        held = sum(one.held for one in check.levels)
        return [Paragraph(self.say(
            "out_of_time_lead", first=check.fitted_from, until=check.fitted_until,
            fitted=f"{check.fitted:,}", law=law_name(check.law, self.language),
            tested=check.tested_until), "keep"),
            *out_of_time_chart(check, language=self.language).blocks(),
            Paragraph(self.say("out_of_time_result", held=held, of=len(check.levels)))]


def in_order(parameters: Mapping[str, JSON]) -> list[tuple[str, JSON]]:
    """A law's parameters as they are written, whatever the order of the document."""
    places = {name: place for place, name in enumerate(_SYMBOLS)}
    return sorted(parameters.items(), key=lambda one: (places.get(one[0], len(places)), one[0]))


def parameter_words(candidate: Mapping[str, JSON]) -> str:
    """``μ 7.94, σ 2.31``."""
    return joined([f"{_SYMBOLS.get(name, name)} {number(float(value))}"
                   for name, value in in_order(candidate) if name not in NOT_PARAMETERS], "en")
