"""Relativities of industry and size: the shipped table as prior, published figures as data.

Logarithms are averaged by precision. How far two published studies of one thing differ is taken
for their error; a survey of incidents is believed by a tenth, since it counts other events than
claims. Peril mixes borrow from VCDB only how a section differs from all sections.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
from scipy import optimize, special

from dinghai.experience.calibration_sources import CHINA, PUBLISHED, PublicData
from dinghai.experience.calibration_table import Row
from dinghai.experience.intervals import CHI_SQUARED_95, NORMAL_95, Floats, Interval
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import PPM
from dinghai.foundation.trace import Source
from dinghai.vocabulary.industries import Industry, industries
from dinghai.vocabulary.perils import PerilCode

TRUST: Final = 0.1
"""How far a public count or a survey of incidents is believed beside claims (confidence D)."""
_CERTAINTY: Final = {"high": 1.0, "medium": 1.0, "medium-low": 1.5, "low": 2.0}
"""How much wider a relativity of the shipped table is than its studies make it (confidence D)."""
_MIX_CLAIMS: Final = {"high": 80.0, "medium": 40.0, "medium-low": 30.0, "low": 20.0}
"""How many claims a judged mix is worth (confidence D): it makes the interval, not the value."""
_IRIS_SECTIONS: Final = {
    "education": "P", "information": "I", "professional": "M", "financial": "J",
    "healthcare": "Q", "public": "S", "retail": "F", "manufacturing": "C",
    "transportation": "G", "utilities": "D",
}
_NACE_SECTIONS: Final = {"C": "C", "H": "G", "J": "I", "M": "M", "G": "F"}
"""IRIS sectors and NACE sections to sections of GB/T 4754, by their titles (confidence D)."""
_BANDS: Final = (("<10M", 3e6), ("10M-100M", 3e7), ("100M-1B", 3e8), ("1B-10B", 3e9),
                 ("10B-100B", 3e10))
_PLACES: Final = (("10-49", 22.0), ("50-249", 112.0), ("250+", 600.0))
"""Where a class of employees is placed: the geometric middle; the open class by judgement (D)."""
_SIZES: Final = (-6.0, 12.0)
"""Logarithms of the sizes that are searched."""
_MARKS: Final = {"A": "T", "B": "A", "C": "M"}
"""Evidence grades of the published figures as confidence marks of the domain guide."""
_PERILS: Final[tuple[PerilCode, ...]] = (
    "ransomware", "intrusion_breach", "bec_fraud", "ddos_web", "error_insider", "third_party")
_SHIPPED: Final = "industry table (industries.json)"
_READINGS: Final = {"iris_2025": "IRIS 2025", "eurostat_2024": "Eurostat 2024"}


def relativity_rows(data: PublicData) -> Iterator[Row]:
    """Industry frequency and severity, peril mix, size, and the Chinese pilot's own figures."""
    error = study_error()
    yield Row("relativity.study_error", error,
              _chi_interval(error, len(_pairs())), "ln ratio", len(_pairs()),
              Source(f"{_SHIPPED}: IRIS 2025 and Coalition 2025, sections of more than low "
                     "certainty", "A", "2024-12-31"),
              "root mean square of ln(IRIS ÷ Coalition) ÷ √2: the error of one study of a "
              "section's frequency", "taken as the error of every published relativity here")
    yield from _industry_rows(data, error)
    yield from mix_rows(data)
    yield from _size_rows(data)
    yield from _china_rows(data)


def study_error() -> float:
    """The standard error of one published frequency relativity, in logarithms."""
    differences = [math.log(one / other) for one, other in _pairs()]
    return math.sqrt(sum(one * one for one in differences) / len(differences) / 2.0)


def _pairs() -> list[tuple[float, float]]:
    return [(one.inputs.iris2025.frequency_relativity_raw,
             one.inputs.coalition2025.frequency_relativity_raw)
            for one in industries().values()
            if one.certainty != "low" and one.inputs.iris2025 and one.inputs.coalition2025]


def _chi_interval(error: float, n: int) -> Interval:
    low, high = (n * error * error / (2.0 * float(special.gammaincinv(n / 2.0, level)))
                 for level in (0.975, 0.025))
    return math.sqrt(low), math.sqrt(high)


def _industry_rows(data: PublicData, error: float) -> Iterator[Row]:
    readings = _readings(data)
    for section, industry in sorted(industries().items()):
        prior = industry.frequency_relativity_ppm / PPM
        wide = error / math.sqrt(2.0) * _CERTAINTY[industry.certainty]
        shipped = Source(f"{_SHIPPED}: {industry.source}", industry.confidence, "2025-12-31")
        code = f"industry.{section}.frequency"
        yield Row(f"{code}.prior", prior, _around(prior, wide), "ratio", 2, shipped,
                  f"shipped relativity; interval from the error of two studies, certainty "
                  f"{industry.certainty}", industry.note)
        precision, total = 1.0 / wide ** 2, math.log(prior) / wide ** 2
        names = []
        for name, value, source in readings.get(section, ()):
            yield Row(f"{code}.{name}", value, _around(value, error), "ratio", 1, source,
                      "published figure; interval from the error of one study",
                      "counts incidents, not claims")
            weight = TRUST / error ** 2
            precision, total = precision + weight, total + weight * math.log(value)
            names.append(name)
        blended = math.exp(total / precision)
        share = 1.0 - 1.0 / (wide ** 2 * precision)
        yield Row(f"{code}.blended", blended, _around(blended, 1.0 / math.sqrt(precision)), "ratio",
                  2 + len(names), Source(
                      "; ".join([_SHIPPED, *(_READINGS[one] for one in names)]),
                      industry.confidence, "2025-12-31"),
                  f"mean of logarithms by precision, published incidents believed by {TRUST:g}: "
                  f"they weigh {share:.3f}",
                  "" if names else "no published figure beside the shipped one")
        severity = industry.severity_relativity_ppm / PPM
        yield Row(f"industry.{section}.severity.prior", severity, _around(severity, wide), "ratio",
                  2, shipped, "shipped relativity; interval from the error of two studies of "
                  f"frequency, certainty {industry.certainty}",
                  "no public amounts by industry are large enough to move it")


def _readings(data: PublicData) -> dict[str, list[tuple[str, float, Source]]]:
    iris = _part(data.published, "cyentia_iris_2025")
    sectors = _numbers(iris, "relative_probability_by_sector", PUBLISHED)
    found: dict[str, list[tuple[str, float, Source]]] = {}
    source = _published(iris, "Cyentia IRIS 2025, relative probability by sector")
    for sector, value in sectors.items():
        section = _IRIS_SECTIONS.get(sector)
        if section is not None:
            found.setdefault(section, []).append(("iris_2025", value, source))
    survey = _part(data.published, "eurostat_isoc_cisce_ic_2024_EU27")
    shares = _numbers(survey, "spain_sector_unavailability", PUBLISHED)
    source = _published(survey, "Eurostat ISOC_CISCE_IC 2024, Spain, unavailability by attack")
    known = {one: value for one, value in shares.items() if one in _NACE_SECTIONS}
    level = (sum(math.log(value) for value in known.values())
             - sum(math.log(industries()[_NACE_SECTIONS[one]].frequency_relativity_ppm / PPM)
                   for one in known)) / max(len(known), 1)
    for one, value in known.items():
        found.setdefault(_NACE_SECTIONS[one], []).append(
            ("eurostat_2024", value / math.exp(level), source))
    return found


def mix_rows(data: PublicData) -> Iterator[Row]:
    """Each section's peril mix: the shipped one, moved a little by how VCDB's incidents of that
    section differ from those of all sections. What all sections share is publicity and is not
    taken; a cell in which few incidents were to be expected is hardly believed.
    """
    counts: dict[str, Counter[str]] = {section: Counter() for section in sorted(industries())}
    for one in data.veris:
        if not one.screened and one.peril and one.section in counts:
            counts[one.section][one.peril] += 1
    table = np.array([[found[peril] for peril in _PERILS] for found in counts.values()],
                     dtype=np.float64)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0) / table.sum())
    half, ends = half_believed(table, expected)
    source = data.sources["vcdb"]
    yield Row("industry.mix_half_believed", half, ends, "incidents", int(table.sum()), source,
              "size of negative binomial cells about what the margins expect, by maximum "
              "likelihood, profile interval",
              "a cell is believed by half where so many incidents were to be expected; as a "
              "description of VCDB, not of claims")
    every = np.array([[one.peril_mix_ppm[peril] / PPM for peril in _PERILS]
                      for one in industries().values()]).mean(axis=0)
    for section, seen, wanted in zip(counts, table, expected, strict=True):
        yield from _mix_of(industries()[section], seen, wanted, every, half, source)


def _mix_of(
    industry: Industry, seen: Floats, expected: Floats, every: Floats, half: float, source: Source
) -> Iterator[Row]:
    shipped = np.array([industry.peril_mix_ppm[peril] / PPM for peril in _PERILS])
    weight = TRUST * expected / (expected + half)
    ratio = seen / np.maximum(expected, 1e-12)
    blended = (1.0 - weight) * shipped + weight * every * ratio
    level = float(blended.sum())
    claims = _MIX_CLAIMS[industry.certainty]
    for peril, value, before, mean, part, count, wanted in zip(
            _PERILS, blended / level, shipped, every, weight, seen, expected, strict=True):
        low, high = (float(special.betaincinv(value * claims, (1.0 - value) * claims, chance))
                     for chance in (0.025, 0.975))
        about = (f"{count:.0f} incidents of VCDB where {wanted:.1f} were to be expected; they "
                 f"measure publicity: believed by {TRUST:g} × {part / TRUST:.3f}"
                 if wanted > 0.0 else "VCDB has no incident of this section")
        yield Row(f"industry.{industry.id}.mix.{peril}", float(value), (low, high), "share",
                  int(seen.sum()), Source(f"{_SHIPPED}; {source.name}",
                                          industry.confidence, source.as_of),
                  f"({1.0 - part:.4f} × shipped {before:.4g} + {part:.4f} × mean mix {mean:.4g} × "
                  f"{count:.0f} ÷ {wanted:.1f}) ÷ {level:.4f}; interval as if {claims:.0f} claims "
                  "were seen" if wanted > 0.0 else
                  f"shipped; interval as if {claims:.0f} claims were seen", about)


def half_believed(table: Floats, expected: Floats) -> tuple[float, Interval]:
    """The size of a negative binomial law of each cell about its expected number, and its
    interval, inside what the search reaches: cells as even as the margins have no upper end."""
    kept = expected > 0.0
    counts, means = table[kept], expected[kept]

    def likelihood(logs: float) -> float:
        size = math.exp(logs)
        return float((special.gammaln(counts + size) - special.gammaln(size)
                      - special.gammaln(counts + 1.0) + size * np.log(size / (size + means))
                      + special.xlogy(counts, means / (size + means))).sum())

    first, last = _SIZES
    found = optimize.minimize_scalar(lambda logs: -likelihood(logs), bounds=_SIZES,
                                     method="bounded", options={"xatol": 1e-9})
    best, top = float(found.x), -float(found.fun)

    def drop(logs: float) -> float:
        return 2.0 * (top - likelihood(logs)) - CHI_SQUARED_95

    low = float(optimize.brentq(drop, first, best)) if drop(first) > 0.0 else first
    high = float(optimize.brentq(drop, best, last)) if drop(last) > 0.0 else last
    return math.exp(best), (math.exp(low), math.exp(high))


def _size_rows(data: PublicData) -> Iterator[Row]:
    iris = _part(data.published, "cyentia_iris_2025")
    chances = _numbers(iris, "relative_probability_by_revenue", PUBLISHED)
    source = _published(iris, "Cyentia IRIS 2025, relative probability by revenue")
    error = study_error()
    for name, value in chances.items():
        yield Row(f"size.frequency.iris_2025.{_plain(name)}", value, _around(value, error), "ratio",
                  1, source, "published figure; interval from the error of one study",
                  "counts incidents, not claims: relativities only")
    slopes = _slopes([(place, chances[name]) for name, place in _BANDS if name in chances])
    yield from _slope_rows("size.frequency_elasticity.iris_2025", slopes, source,
                           "slope of ln probability between neighbouring revenue bands of one "
                           "decade")
    losses = _part(iris, "loss_by_revenue_typical_p95")
    first = {"first": {name: pair[0] if isinstance(pair, list) and pair else None
                       for name, pair in losses.items()}}
    amounts = _numbers(first, "first", PUBLISHED)
    source = _published(iris, "Cyentia IRIS 2025, typical loss by revenue")
    typical = [(place, amounts[name]) for name, place in _BANDS if name in amounts]
    yield from _slope_rows("size.severity_elasticity.iris_2025", _slopes(typical), source,
                           "slope of ln typical loss between neighbouring revenue bands")
    survey = _part(data.published, "eurostat_isoc_cisce_ic_2024_EU27")
    shares = _numbers(survey, "unavailability_due_to_attack", PUBLISHED)
    source = _published(survey, "Eurostat ISOC_CISCE_IC 2024, EU27, unavailability by attack")
    for name, value in shares.items():
        yield Row(f"size.frequency.eurostat_2024.{_plain(name)}", value, _around(value, error),
                  "share", 1, source, "published figure; interval from the error of one study",
                  "share of enterprises in a year, by employees; a survey of incidents")
    slopes = _slopes([(place, shares[name]) for name, place in _PLACES if name in shares])
    yield from _slope_rows("size.frequency_elasticity.eurostat_2024", slopes, source,
                           "slope of ln share in ln employees between neighbouring classes")


def _slopes(points: Sequence[tuple[float, float]]) -> list[tuple[float, float, float]]:
    return [(x, other, math.log(value / y) / math.log(other / x))
            for (x, y), (other, value) in pairwise(points)]


def _slope_rows(
    code: str, slopes: Sequence[tuple[float, float, float]], source: Source, method: str
) -> Iterator[Row]:
    values = [slope for _low, _high, slope in slopes]
    for (low, high, slope), place in zip(slopes, range(len(slopes)), strict=True):
        near = values[max(place - 1, 0):place + 2]
        yield Row(f"{code}.{low:.0f}_to_{high:.0f}", slope, (min(near), max(near)), "elasticity", 2,
                  source, method + "; interval: it and its neighbours' slopes",
                  "of incidents, not of claims")


def _china_rows(data: PublicData) -> Iterator[Row]:
    pilot = _part(data.china, "cyber_insurance_pilot_2023_12_to_2025_07", CHINA)
    wanted = ("enterprise_policies_over", "premium_rmb_over", "sum_insured_rmb_about")
    announced = {"pilot": {name: pilot.get(name) for name in wanted}}
    policies, premium, limit = _numbers(announced, "pilot", CHINA).values()
    source = Source(f"{pilot.get('source', 'unnamed')} ({CHINA})", "T", "2025-07-29")
    for name, amount in (("average_premium", premium / policies),
                         ("average_limit", limit / policies)):
        yield Row(f"china.pilot.{name}", amount, (amount * 0.95, amount * 1.05), "CNY",
                  int(policies), source, "announced sum ÷ announced number; interval ± 5% for "
                  "figures given as over and about",
                  "what customers paid and were covered for: no loss is calibrated to it")


def _around(value: float, error: float) -> Interval:
    reach = math.exp(NORMAL_95 * error)
    return value / reach, value * reach


def _plain(name: str) -> str:
    return (name.replace("<", "below_").replace(">", "above_").replace("-", "_to_")
            .replace("+", "_and_more").lower())


def _part(
    document: Mapping[str, Any], name: str, file: str = PUBLISHED
) -> Mapping[str, Any]:
    found = document.get(name)
    if not isinstance(found, dict):
        raise InputError(f"{name} is missing", file=file, field=name,
                         mend="give the published figures as they were collected")
    return found


def _numbers(document: Mapping[str, Any], name: str, file: str) -> dict[str, float]:
    found = _part(document, name, file)
    numbers = {key: float(value) for key, value in found.items()
               if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0.0}
    if len(numbers) != len(found):
        raise InputError(f"{name} holds something that is no number above zero", file=file,
                         field=name, mend="give the published figures as they were collected")
    return numbers


def _published(document: Mapping[str, Any], name: str) -> Source:
    grade = str(document.get("evidence", ""))[:1]
    return Source(f"{name} ({PUBLISHED}; facts)", _MARKS.get(grade, "M"), "2024-12-31")
