"""The sizes of losses in public data: which series are fitted, and the rows that come of each."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from dinghai.experience.calibration_sources import PublicData
from dinghai.experience.calibration_table import Row, Series
from dinghai.experience.columns import Column, Screened
from dinghai.experience.incidents import Incident
from dinghai.experience.intervals import (
    Floats,
    power_index,
    profile_intervals,
    quantile_interval,
    resampled,
    share_interval,
)
from dinghai.experience.out_of_time import check_severity
from dinghai.experience.report import Wanted, severity_report
from dinghai.experience.severity import CANDIDATES, FEWEST, Fit
from dinghai.experience.studies import OutOfTime, SeverityStudy
from dinghai.foundation.canonical import JSON
from dinghai.foundation.trace import Source

Keep = Callable[[Incident], bool]
HHS_FLOOR: Final = 500.0
_VERIS_FLOOR: Final = 2.0
"""Incidents of a single record are screened, so that nothing below two is seen."""
_PLACEHOLDERS: Final = (500.0, 501.0)
_SPLICE_CHANCE: Final = 0.95
_SPLICE_SCORE: Final = 1.6448536269514722
FITTED: Final = (2019, 2022)
_PERILS: Final = (
    ("ransomware", "勒索软件", "ransomware"),
    ("intrusion_breach", "入侵与数据泄露", "intrusion and breach"),
    ("bec_fraud", "商务邮件欺诈", "business e-mail fraud"),
    ("ddos_web", "拒绝服务与网站攻击", "denial of service and web attack"),
    ("error_insider", "差错与内部人员", "error and insider"),
    ("third_party", "第三方", "third party"),
    ("theft_and_loss", "失窃与遗失（不属于网络风险）", "theft and loss (no cyber peril)"),
)
_PERIODS: Final = ((2009, 2014), (2015, 2018), (2019, 2022), (2023, 2024))


@dataclass(frozen=True, slots=True)
class _Spec:
    """One series: whose incidents, which of them, which measure."""

    code: str
    title_zh: str
    title_en: str
    publisher: str
    measure: str
    floor: float | None = None
    keep: Keep | None = None
    tested: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class FittedLosses:
    """A study with its entry in the table and its rows."""

    study: SeverityStudy
    series: Series
    rows: tuple[Row, ...]


def fit_losses(data: PublicData) -> tuple[FittedLosses, ...]:
    """Every series of losses, in the order of the table."""
    found = {"hhs_ocr": data.hhs, "wa_ag": data.washington, "vcdb": data.veris,
             "hibp": data.pwned, "ransom_payments": data.ransoms}
    return tuple(_fitted(spec, found[spec.publisher], data.sources[spec.publisher])
                 for spec in _specs())


def series_titles() -> Mapping[str, tuple[str, str]]:
    """The Chinese and the English name of every series of losses, by its code."""
    return {one.code: (one.title_zh, one.title_en) for one in _specs()}


def is_hacking(one: Incident) -> bool:
    """Of the HHS register: hacking, at the entity itself or at its business associate."""
    return one.peril in ("intrusion_breach", "third_party")


def _specs() -> list[_Spec]:
    specs = [
        _Spec("hhs_ocr.records", "美国卫生部登记：受影响人数", "HHS register: persons affected",
              "hhs_ocr", "records", HHS_FLOOR, tested=True),
        _Spec("hhs_ocr.records.hacking", "美国卫生部登记：黑客攻击", "HHS register: hacking",
              "hhs_ocr", "records", HHS_FLOOR, is_hacking, tested=True),
    ]
    for peril, zh, en in _PERILS:
        if peril in ("intrusion_breach", "error_insider", "third_party", "theft_and_loss"):
            specs.append(_Spec(f"hhs_ocr.records.{peril}", f"美国卫生部登记：{zh}",
                               f"HHS register: {en}", "hhs_ocr", "records", HHS_FLOOR,
                               _of_peril(peril)))
    for first, last in _PERIODS:
        specs.append(_Spec(f"hhs_ocr.records.{first}_{last}", f"美国卫生部登记：{first}–{last} 年",
                           f"HHS register: {first} to {last}", "hhs_ocr", "records", HHS_FLOOR,
                           _of_years(first, last)))
    specs.append(_Spec("wa_ag.records", "华盛顿州登记：受影响居民人数",
                       "Washington register: residents affected", "wa_ag", "records", HHS_FLOOR,
                       note="residents of one state only: a part of the incident's size"))
    for peril, zh, en in _PERILS:
        specs.append(_Spec(f"vcdb.records.{peril}", f"VCDB：{zh}（记录数）", f"VCDB records: {en}",
                           "vcdb", "records", _VERIS_FLOOR, _of_peril(peril)))
    specs += [
        _Spec("vcdb.amount", "VCDB：损失金额（美元）", "VCDB: amounts in US dollars", "vcdb", "USD",
              note="mixes fines, thefts and costs that were published because they were large"),
        _Spec("hibp.accounts", "Have I Been Pwned：账户数", "Have I Been Pwned: accounts", "hibp",
              "records", note="accounts, not persons and not records in law"),
        _Spec("ransom_payments.amount", "赎金支付（美元）", "Ransom payments in US dollars",
              "ransom_payments", "USD",
              note="what one address received: one payment or several, so an upper bound of one; "
                   "victims of all sizes; who did not pay is not in it"),
    ]
    return specs


def _of_peril(peril: str) -> Keep:
    wanted = "" if peril == "theft_and_loss" else peril
    return lambda one: one.peril == wanted


def _of_years(first: int, last: int) -> Keep:
    return lambda one: one.notified is not None and first <= one.notified.year <= last


def _fitted(spec: _Spec, incidents: Sequence[Incident], source: Source) -> FittedLosses:
    kept = [one for one in incidents if spec.keep is None or spec.keep(one)]
    losses = _column(kept, spec.measure)
    wanted = Wanted(floor=spec.floor)
    document = severity_report(losses, wanted)
    check = _out_of_time(kept, spec) if spec.tested else None
    study = SeverityStudy(spec.code, spec.title_zh, spec.title_en, spec.measure, source, losses,
                          wanted, document, check)
    rows, undetermined = _rows(study, spec.note)
    warnings = [*document["warnings"], *undetermined]
    return FittedLosses(study, _series(study, warnings), tuple(rows))


def _column(incidents: Iterable[Incident], measure: str) -> Column[float]:
    """Usable sizes; a row of another currency, or without the measure, is not of the series."""
    values, screened = [], []
    for place, one in enumerate(incidents, start=1):
        if measure == "records":
            number: float | None = None if one.records is None else float(one.records)
            reason = one.screened or one.records_screened
        else:
            dollars = one.currency in ("USD", "") and one.amount_minor is not None
            number = float(one.amount_minor or 0) / 100.0 if dollars else None
            reason = one.screened or one.amount_screened if dollars else ""
        if reason:
            screened.append(Screened(place, one.source_id, reason))
        elif number is not None:
            values.append(number)
    return Column(tuple(values), ("",) * len(values), tuple(screened))


def _out_of_time(incidents: Sequence[Incident], spec: _Spec) -> OutOfTime:
    first, last = FITTED
    dated = [one for one in incidents if one.notified is not None]
    before = [one for one in dated if one.notified and first <= one.notified.year <= last]
    after = [one for one in dated if one.notified and one.notified.year > last]
    tested = max(one.notified.year for one in after if one.notified)
    return check_severity(_sizes(before, spec), _sizes(after, spec), spec.floor,
                          (first, last, tested))


def _sizes(incidents: Sequence[Incident], spec: _Spec) -> Floats:
    return np.array(_column(incidents, spec.measure).values, dtype=np.float64)


def _series(study: SeverityStudy, warnings: Sequence[str]) -> Series:
    document = study.document
    best, tail = document.get("best"), document["tail"]
    return Series(
        study.code, study.unit, study.source, len(study.losses.values), document["floor"],
        study.losses.reasons(), best or "",
        document["candidates"][best]["ks"] if best else None, _mean_finite(tail), warnings)


def _mean_finite(tail: JSON) -> bool | None:
    if tail is None:
        return None
    low, high = tail["xi_interval"]
    if low >= 1.0:
        return False
    return True if high < 1.0 else None


def _rows(study: SeverityStudy, note: str) -> tuple[list[Row], list[str]]:
    losses = np.array(study.losses.values, dtype=np.float64)
    n, floor = len(losses), study.wanted.floor
    if n < FEWEST:
        return [], []
    rows: list[Row] = []
    warnings: list[str] = []

    def add(name: str, value: float, interval: tuple[float, float], unit: str, method: str,
            *, of: int = n, expected: float | None = None, held: bool | None = None,
            about: str = "") -> None:
        words = "; ".join(part for part in (about, note) if part)
        rows.append(Row(f"{study.code}.{name}", value, interval, unit, of, study.source, method,
                        words, expected, held))

    above = "" if floor is None else f", given at least {floor:g}"
    for probability, name in ((0.5, "p50"), (0.95, "p95"), (0.99, "p99")):
        ends = quantile_interval(losses, probability)
        if ends is not None:
            add(name, float(np.quantile(losses, probability)), ends, study.unit,
                f"empirical quantile{above}; interval of order statistics")
    if study.code.startswith("hhs_ocr."):
        held = int(np.isin(losses, _PLACEHOLDERS).sum())
        add("placeholder_share", held / n, share_interval(held, n), "share",
            "losses of exactly 500 or 501; exact interval",
            about="these stand for a number not yet known, since the duty to report begins there; "
                  "they are fitted as they stand, which makes losses look smaller")
    fits = _plain_fits(study.document)
    best = min(fits, key=lambda one: fits[one].aic)
    for law in dict.fromkeys((best, "lognormal")):
        intervals = profile_intervals(losses, floor, law, fits[law])
        for parameter, value in fits[law].parameters.items():
            interval = intervals[parameter]
            if interval is None:
                warnings.append(f"the losses do not determine {parameter} of the {law} law")
                continue
            add(f"{law}_{parameter}", value, interval, _unit_of(parameter, study.unit),
                f"{law} law truncated at {'nothing' if floor is None else format(floor, 'g')}, "
                "maximum likelihood, profile interval"
                + ("; best plain law by AIC" if law == best else ""))
    _model_form(losses, add, study)
    tail = study.document["tail"]
    if tail is not None:
        _tail_rows(tail, n, add, study.unit)
    if study.out_of_time is not None:
        for level in study.out_of_time.levels:
            add(f"out_of_time_p{level.probability * 100:g}", level.exceeded / level.of,
                level.interval, "share",
                f"share of later losses above the modelled quantile {level.quantile:.6g}; "
                f"{study.out_of_time.law} fitted to {study.out_of_time.fitted_from}–"
                f"{study.out_of_time.fitted_until}, tested to {study.out_of_time.tested_until}; "
                "exact interval", of=level.of, expected=1.0 - level.probability, held=level.held,
                about="" if level.held else "did not hold: later losses are larger than modelled")
    return rows, warnings


def _plain_fits(document: dict[str, JSON]) -> dict[str, Fit]:
    """The fits of the report's plain laws, without fitting again."""
    found = {}
    for name, candidate in CANDIDATES.items():
        said = document["candidates"].get(name)
        if said is not None:
            parameters = {one: said[one] for one in candidate.names}
            found[name] = Fit(parameters, said["loglik"], len(parameters), said["ks"],
                              candidate.law(*parameters.values()))
    return found


def _unit_of(parameter: str, unit: str) -> str:
    if parameter == "theta":
        return unit
    return "ln " + unit if parameter == "mu" else "number"


def _model_form(losses: Floats, add: Callable[..., None], study: SeverityStudy) -> None:
    """Spread and tail index as the loss model writes a component: lognormal above its median up to
    the 95% point, a pure power beyond."""
    if len(losses) < 200:
        return
    top = float(np.quantile(losses, _SPLICE_CHANCE))

    def spread(sample: Floats) -> float:
        middle, high = np.quantile(sample, (0.5, _SPLICE_CHANCE))
        return math.log(float(high) / float(middle)) / _SPLICE_SCORE

    interval = resampled(f"{study.code}.upper_sigma", len(losses),
                         lambda places: spread(losses[places]))
    add("upper_sigma", spread(losses), interval, "number",
        "ln(95% point ÷ median) ÷ 1.645; interval of 500 resamples",
        about="" if study.wanted.floor is None else "of losses above the reporting floor only")
    index, ends, beyond = power_index(losses, top)
    add("power_index", index, ends, "number",
        "mean log excess above the 95% point (Hill); exact interval if the tail is a pure power",
        of=beyond)


def _tail_rows(tail: JSON, n: int, add: Callable[..., None], unit: str) -> None:
    low, high = tail["xi_interval"]
    mean = ("the mean is not finite: use limited expected values only" if low >= 1.0
            else "the mean may not be finite" if high >= 1.0 else "")
    exceedances = tail["exceedances"]
    add("tail_xi", tail["xi"], (low, high), "number",
        f"generalised Pareto above {tail['threshold']:.6g} (threshold by smallest "
        "Kolmogorov-Smirnov distance), profile interval", of=exceedances,
        about="; ".join(part for part in (
            mean, "the interval does not count the choice of the threshold") if part))
    add("tail_share", exceedances / n, share_interval(exceedances, n), "share",
        f"share of losses above the threshold {tail['threshold']:.6g} {unit}; exact interval")
