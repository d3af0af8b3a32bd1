"""Counts in public registers: how many a month, how late they come, how many share a cause."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import optimize

from dinghai.experience.calibration_losses import FITTED, is_hacking
from dinghai.experience.calibration_sources import PublicData
from dinghai.experience.calibration_table import KNOWN_AFTER, Row
from dinghai.experience.contagion import fit_contagion, parameter_intervals
from dinghai.experience.delays import (
    Cluster,
    Span,
    clusters,
    estimate_delays,
    quarter,
    since_the_register,
    without_clusters,
)
from dinghai.experience.frequency import fit_frequency, size_likelihood
from dinghai.experience.incidents import Incident
from dinghai.experience.intervals import (
    CHI_SQUARED_95,
    Interval,
    mean_interval,
    resampled,
    share_interval,
)
from dinghai.experience.out_of_time import check_counts
from dinghai.experience.repeats import fit_repeats
from dinghai.experience.report import delay_report, frequency_report
from dinghai.experience.studies import CountCheck, DelayStudy, FrequencyStudy
from dinghai.foundation.streams import uniforms
from dinghai.foundation.trace import Source

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
_AGES: Final = (90, 180, 365, 730)
_KNOWN_AGES: Final = (0, 7, 14, 30, 45, 60, 90, 120, 150, 180, 240, 300, 365, 450, 545, 730, 910,
                      1095, 1460)
_RIPE: Final = 730
"""Months of first days are counted once an incident of theirs has had so many days to be known."""
_SAMPLES: Final = 200
_RELATIVE: Final = "; relative to the longest delay that could be seen"
_REGISTER: Final = ("counts of a register: they grow with the duty to report and with attention, "
                    "and say nothing of one enterprise's chance")


def frequency_studies(data: PublicData) -> tuple[FrequencyStudy, ...]:
    """Notices a month of both registers, and Washington's incidents with clusters counted once."""
    hhs, washington = data.sources["hhs_ocr"], data.sources["wa_ag"]
    spans = washington_spans(data.washington)
    ripe = max(known for _began, known in spans) - timedelta(days=_RIPE)
    once = [began for began, _known in without_clusters(spans, clusters(spans)) if began <= ripe]
    return (
        _study("hhs_ocr.notices", "美国卫生部登记：每月通报数", "HHS register: notices a month",
               hhs, _notices(data.hhs), tested=True),
        _study("hhs_ocr.notices.hacking", "美国卫生部登记：每月黑客攻击通报数",
               "HHS register: notices of hacking a month", hhs,
               _notices([one for one in data.hhs if is_hacking(one)]), tested=True),
        _study("wa_ag.notices", "华盛顿州登记：每月通报数", "Washington register: notices a month",
               washington, _notices(data.washington)),
        _study("wa_ag.incidents_once", "华盛顿州登记：每月事件数（同源事件只计一次）",
               "Washington register: incidents a month, each cluster once", washington,
               _whole_months(once)),
    )


def delay_studies(data: PublicData) -> tuple[DelayStudy, ...]:
    """From the first day of an incident to its notice, in the Washington register."""
    spans, backwards = [], Counter[str]()
    for one in data.washington:
        if one.screened:
            backwards[one.screened] += 1
        elif one.occurred is None or one.notified is None:
            backwards["blank"] += 1
        elif one.notified < one.occurred:
            backwards["the second day comes before the first"] += 1
        else:
            spans.append((one.occurred, one.notified))
    end = max(known for _began, known in spans)
    return (DelayStudy(
        "wa_ag.delay", "华盛顿州登记：从发生到通报",
        "Washington register: from first day to notice", data.sources["wa_ag"], tuple(spans),
        delay_report(spans, end, backwards)),)


def washington_spans(incidents: Sequence[Incident]) -> list[Span]:
    """First day and notice of what began once the register reported."""
    return since_the_register([
        (one.occurred, one.notified) for one in incidents
        if not one.screened and one.occurred is not None and one.notified is not None
        and one.notified >= one.occurred])


def count_rows(studies: Sequence[FrequencyStudy]) -> Iterator[Row]:
    """The rows of the frequency studies."""
    for study in studies:
        yield from _count_rows(study)


def delay_rows(study: DelayStudy) -> Iterator[Row]:
    """Median, nine tenths, and the IBNR factor by age, as reported and with clusters once; with
    clusters once also the share known, up to the longest delay."""
    spans = since_the_register(study.spans)
    end = max(known for _began, known in spans)
    once = without_clusters(spans, clusters(spans))
    for name, those in (("as_reported", spans), ("clusters_once", once)):
        drawn = [_resample(those, number) for number in range(_SAMPLES)]
        delays = estimate_delays(those, end)
        again = [estimate_delays(sample, end) for sample in drawn]
        about = ("one vendor's event stands for many" if name == "as_reported"
                 else "each cluster counted as one incident")
        for key, chance in (("median", 0.5), ("p90", 0.9)):
            yield Row(f"{study.code}.{name}.{key}", float(delays.quantile(chance)),
                      _ends([float(one.quantile(chance)) for one in again]), "days", len(those),
                      study.source, "product limit of right-truncated delays; interval of "
                      f"{_SAMPLES} resamples", about)
        for age in _AGES:
            yield Row(f"{study.code}.{name}.ibnr_{age}", 1.0 / delays.known_after(age),
                      _ends([1.0 / max(one.known_after(age), 1e-6) for one in again]), "ratio",
                      len(those), study.source,
                      f"all incidents ÷ those known after {age} days; interval of {_SAMPLES} "
                      "resamples", about + _RELATIVE)
        if name == "clusters_once":
            longest = delays.days[-1]
            for age in (*(one for one in _KNOWN_AGES if one < longest), longest):
                yield Row(f"{KNOWN_AFTER}{age}", delays.known_after(age),
                          _ends([one.known_after(age) for one in again]), "share", len(those),
                          study.source, "product limit of right-truncated delays; interval of "
                          f"{_SAMPLES} resamples", about + _RELATIVE)


def repeat_rows(data: PublicData) -> Iterator[Row]:
    """How unequal enterprises are in the HHS register of hacking."""
    found = fit_repeats(one.organisation for one in data.hhs
                        if not one.screened and is_hacking(one))
    if found is not None:
        yield Row("hhs_ocr.repeats.size", found.size, found.interval, "number", found.names,
                  data.sources["hhs_ocr"],
                  "zero-truncated negative binomial of incidents by name, profile interval",
                  "of enterprises of all sizes, unrated, over fifteen years; a name in another "
                  "spelling is another enterprise. Zero is the logarithmic series: no lower end"
                  if found.interval[0] == 0.0 else
                  "of enterprises of all sizes, unrated; a name in another spelling is another "
                  "enterprise")


def common_cause_rows(data: PublicData) -> Iterator[Row]:
    """How many incidents come through a third party, and how many share one day and one vendor."""
    hhs, washington = data.sources["hhs_ocr"], data.sources["wa_ag"]
    hacked = [one for one in data.hhs if not one.screened and is_hacking(one)]
    through = sum(one.peril == "third_party" for one in hacked)
    through_share = through / len(hacked)
    yield Row("common_cause.hhs_ocr.third_party_share", through_share,
              share_interval(through, len(hacked)), "share", len(hacked), hhs,
              "hacking in which a business associate was present; exact interval",
              "health care in the United States; a business associate is any contractor that "
              "holds patients' data")
    veris = [one for one in data.veris if not one.screened and one.peril]
    partner = sum(one.peril == "third_party" for one in veris)
    yield Row("common_cause.vcdb.third_party_share", partner / len(veris),
              share_interval(partner, len(veris)), "share", len(veris), data.sources["vcdb"],
              "incidents of the six perils whose actor is a partner and nobody outside; "
              "exact interval",
              "a lower bound: an outsider who came through a partner is counted as an outsider")
    spans = washington_spans(data.washington)
    found = clusters(spans)
    inside, periods = _by_quarter(spans, found)
    ratio = _ratio(inside, periods)
    yield Row("common_cause.wa_ag.cluster_share", ratio(np.arange(len(periods))),
              resampled("common_cause.cluster_share", len(periods), ratio), "share", len(spans),
              washington, "incidents in clusters (at least ten, and a quarter of their quarter's, "
              "began on one day) ÷ all; interval of 500 resamples of quarters",
              f"rests on {len(found)} clusters; ties that do not show as one first day are missed")
    largest = max(found, key=lambda one: one.incidents)
    same_year = sum(began.year == largest.day.year for began, _known in spans)
    yield Row("common_cause.wa_ag.largest_cluster_share", largest.incidents / same_year,
              share_interval(largest.incidents, same_year), "share", same_year, washington,
              f"incidents that began on {largest.day.isoformat()} ÷ those of {largest.day.year}; "
              "exact interval", "one vendor's event, reported by each of its clients")

    def of_third_parties(places: Places) -> float:
        return min(ratio(places) / through_share, 1.0)

    yield Row("common_cause.third_party", of_third_parties(np.arange(len(periods))),
              resampled("common_cause.third_party", len(periods), of_third_parties), "share",
              len(spans), washington,
              "wa_ag.cluster_share ÷ hhs_ocr.third_party_share: of incidents through a third "
              "party, those that struck many at once; interval of 500 resamples of quarters",
              "two registers are put together, and one event decides: a bound, not an estimate")


def _by_quarter(
    spans: Sequence[Span], found: Sequence[Cluster]
) -> tuple[Floats, Floats]:
    shared = {one.day for one in found}
    every = Counter(quarter(began) for began, _known in spans)
    inside = Counter(quarter(began) for began, _known in spans if began in shared)
    names = sorted(every)
    return (np.array([float(inside[name]) for name in names]),
            np.array([float(every[name]) for name in names]))


def _ratio(inside: Floats, every: Floats) -> Callable[[Places], float]:
    return lambda places: float(inside[places].sum() / every[places].sum())


def _resample(spans: Sequence[Span], number: int) -> list[Span]:
    draws = uniforms(1, "calibration.delay", 1, len(spans), first_unit=number)[0]
    return [spans[int(place)] for place in draws * len(spans)]


def _ends(values: Sequence[float]) -> Interval:
    low, high = np.quantile(np.array(values), (0.025, 0.975))
    return float(low), float(high)


def _notices(incidents: Sequence[Incident]) -> list[date]:
    return _whole_months([one.notified for one in incidents
                          if not one.screened and one.notified is not None])


def _whole_months(days: Sequence[date]) -> list[date]:
    """Without the first and the last month, of which the source saw only a part."""
    months = {(day.year, day.month) for day in days}
    cut = {min(months), max(months)}
    return sorted(day for day in days if (day.year, day.month) not in cut)


def _study(
    code: str, zh: str, en: str, source: Source, days: Sequence[date], *, tested: bool = False
) -> FrequencyStudy:
    fit, contagion = fit_frequency(days, "month"), fit_contagion(days)
    check: CountCheck | None = None
    if tested:
        first, last = FITTED
        check = check_counts([day for day in days if first <= day.year <= last],
                             [day for day in days if day.year > last])
    return FrequencyStudy(code, zh, en, source, tuple(days),
                          frequency_report(fit, "month", contagion, {}), check)


def _count_rows(study: FrequencyStudy) -> Iterator[Row]:
    fit = fit_frequency(study.days, "month")
    counts = np.array(fit.counts, dtype=np.float64)
    months = len(counts)

    def row(name: str, value: float, interval: Interval, unit: str, method: str,
            note: str = _REGISTER) -> Row:
        return Row(f"{study.code}.{name}", value, interval, unit, months, study.source, method,
                   note)

    yield row("mean", fit.mean, mean_interval(counts), "per_month",
              "mean of whole months; interval ± 1.96 standard errors of its logarithm")

    def dispersion(places: Places) -> float:
        drawn = counts[places]
        return float(drawn.var(ddof=1) / drawn.mean())

    yield row("dispersion", fit.dispersion, resampled(f"{study.code}.dispersion", months,
                                                      dispersion), "ratio",
              "variance ÷ mean of months; interval of 500 resamples")
    size = fit.negative_binomial.size
    if size is not None:
        yield row("size", size, _size_interval(counts, size), "number",
                  "negative binomial by maximum likelihood, profile interval",
                  "the spread of a register's months (trend, seasons, shared causes), not that "
                  "between enterprises")
    contagion = fit_contagion(study.days)
    ends = None if contagion is None else parameter_intervals(study.days, contagion)
    if contagion is not None and ends is not None:
        about = ("events that one event brings; a trend, a season or notices in batches look the "
                 "same")
        yield row("branching", contagion.branching, ends[0], "ratio",
                  "self-exciting law of daily counts, maximum likelihood; interval of its "
                  "curvature", about)
        yield row("half_life", contagion.half_life, ends[1], "days",
                  "self-exciting law of daily counts, maximum likelihood; interval of its "
                  "curvature", about)
    check = study.out_of_time
    if check is not None:
        yield Row(
            f"{study.code}.out_of_time", float(check.observed),
            (float(check.interval[0]), float(check.interval[1])), "count", check.months,
            study.source,
            f"events of {check.months} months after {check.fitted_until}, against the interval "
            f"predicted from {check.fitted_from}–{check.fitted_until}",
            "" if check.held else "did not hold: more events came than independent months of one "
            "mean allow", check.expected, check.held)


def _size_interval(counts: Floats, size: float) -> Interval:
    top = size_likelihood(counts, size)

    def drop(logs: float) -> float:
        return 2.0 * (top - size_likelihood(counts, math.exp(logs))) - CHI_SQUARED_95

    centre = math.log(size)
    low = float(optimize.brentq(drop, centre - 5.0, centre))
    high = float(optimize.brentq(drop, centre, centre + 8.0))
    return math.exp(low), math.exp(high)
