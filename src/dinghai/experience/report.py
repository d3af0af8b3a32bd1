"""What a fit says as one document: counts, candidates, tail, and warnings in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from dinghai.experience.bootstrap import parameter_intervals
from dinghai.experience.columns import Column
from dinghai.experience.contagion import Contagion
from dinghai.experience.delays import (
    Delays,
    Span,
    clusters,
    cohorts,
    estimate_delays,
    since_the_register,
    without_clusters,
)
from dinghai.experience.frequency import CountFit, Frequency, Per, period_name
from dinghai.experience.limits import limits_of
from dinghai.experience.severity import FEWEST, Fit, fit_candidates, spliced
from dinghai.experience.tail import Tail, choose_threshold, fit_tail
from dinghai.foundation.canonical import JSON

Floats = npt.NDArray[np.float64]
_AGES = (30, 90, 180, 365, 730)
_HEAP = 0.05
"""One value that holds more than this share of the losses is a mass, not a size."""


@dataclass(frozen=True, slots=True)
class Warned:
    """One warning: a code with its figures for any language, and a sentence in English."""

    code: str
    text: str
    values: dict[str, JSON]

    def to_dict(self) -> dict[str, JSON]:
        """The code with its figures."""
        return {"code": self.code, **self.values}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a severity fit is asked for beside the fit itself."""

    floor: float | None = None
    threshold: float | None = None
    limits: tuple[float, ...] = ()
    bootstrap: int = 0
    seed: int = 1


def severity_report(column: Column[float], wanted: Wanted) -> dict[str, JSON]:
    """Candidates, tail and warnings of a column of losses."""
    floor, threshold = wanted.floor, wanted.threshold
    losses = np.array(column.values, dtype=np.float64)
    document: dict[str, JSON] = {
        "n": len(losses), "screened": len(column.screened),
        "screened_reasons": column.reasons(), "floor": floor,
        "candidates": {}, "tail": None,
    }
    found = about_data(column, losses, floor)
    if len(losses) < FEWEST:
        found.append(Warned(
            "too_few", f"{len(losses)} losses are too few to fit: at least {FEWEST} are needed",
            {"count": len(losses), "least": FEWEST}))
        return {**document, **said(found)}
    if float(losses.max()) == float(losses.min()):
        found.append(Warned(
            "one_amount", "all losses are the same amount: there is no size to fit", {}))
        return {**document, **said(found)}
    fits = fit_candidates(losses, floor)
    chosen = threshold is None
    at = choose_threshold(losses) if threshold is None else threshold
    tail = None if at is None else fit_tail(losses, at)
    if tail is not None:
        body = spliced(losses, floor, tail.threshold, tail.law)
        if body is not None:
            fits["spliced"] = body
        document["tail"] = {**tail_document(tail), "threshold_rule":
                            "smallest Kolmogorov-Smirnov distance" if chosen else "given"}
    else:
        found.append(Warned(
            "no_tail", "too few losses lie above the threshold to fit a tail", {}))
    document["candidates"] = {name: fit_document(fit) for name, fit in fits.items()}
    if wanted.limits:
        document["limits"] = {name: limits_of(fit.law, floor, wanted.limits)
                              for name, fit in fits.items()}
    if wanted.bootstrap:
        document["intervals"] = {
            name: {key: list(interval) for key, interval in parameters.items()}
            for name, parameters in parameter_intervals(
                losses, floor, samples=wanted.bootstrap, seed=wanted.seed).items()}
    document["best"] = min(fits, key=lambda one: fits[one].aic) if fits else None
    found += about_fits(fits, tail)
    return {**document, **said(found)}


def said(found: Sequence[Warned]) -> dict[str, JSON]:
    """Warnings as a document carries them: in words, and with their codes."""
    return {"warnings": [one.text for one in found],
            "warning_codes": [one.to_dict() for one in found]}


def _screened(reasons: Mapping[str, int]) -> list[Warned]:
    if not reasons:
        return []
    total = sum(reasons.values())
    listed = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
    return [Warned("screened", f"{total} rows were screened: {listed}",
                   {"count": total, "reasons": dict(reasons)})]


def about_data(column: Column[float], losses: Floats, floor: float | None) -> list[Warned]:
    """What in the data a fit cannot hold."""
    found = _screened(column.reasons())
    if len(losses) >= FEWEST:
        value, count = Counter(losses.tolist()).most_common(1)[0]
        if count > max(_HEAP * len(losses), 5.0):
            found.append(Warned(
                "heap", f"{count} of {len(losses)} losses are exactly {value:g}: "
                "a continuous law cannot hold that mass",
                {"count": count, "of": len(losses), "value": value}))
        if floor is None and float(losses.min()) > 0.0 and count > 1 and (
                value == float(losses.min()) and count > 0.02 * len(losses)):
            found.append(Warned(
                "hidden_floor", f"{count} losses stand at the smallest amount {value:g}: "
                "there may be a reporting floor; give it by --floor",
                {"count": count, "value": value}))
    return found


def about_fits(fits: Mapping[str, Fit], tail: Tail | None) -> list[Warned]:
    """Where the fits are not to be trusted."""
    found = []
    gamma = fits.get("gamma")
    if gamma is not None and gamma.parameters["alpha"] < 1e-3:
        found.append(Warned(
            "gamma_edge", "the gamma law ran to the edge of its range: it does not fit above this "
            "floor", {}))
    if fits and min(one.ks for one in fits.values()) > 0.1:
        found.append(Warned(
            "no_close_law", "no law comes within a tenth of the losses' distribution", {}))
    if tail is None:
        return found
    low, high = tail.xi_interval
    if tail.xi >= 1.0:
        found.append(Warned(
            "mean_infinite", f"the tail's shape {tail.xi:.2f} is one or more: its mean is not "
            "finite, price limited expected values only", {"xi": tail.xi}))
    elif high >= 1.0:
        found.append(Warned(
            "mean_doubtful", f"the tail's shape may be one or more (95% interval {low:.2f} to "
            f"{high:.2f}): its mean may not be finite", {"low": low, "high": high}))
    elif high >= 0.5:
        found.append(Warned("variance_doubtful", "the tail's variance may not be finite", {}))
    if tail.exceedances < 50:
        found.append(Warned("few_exceedances",
                            f"the tail rests on {tail.exceedances} exceedances",
                            {"count": tail.exceedances}))
    return found


def fit_document(fit: Fit) -> dict[str, JSON]:
    """A fit as plain JSON."""
    return {**fit.parameters, "loglik": fit.log_likelihood, "aic": fit.aic, "ks": fit.ks}


def tail_document(tail: Tail) -> dict[str, JSON]:
    """A tail as plain JSON."""
    return {
        "threshold": tail.threshold, "exceedances": tail.exceedances, "xi": tail.xi,
        "beta": tail.beta, "xi_interval": list(tail.xi_interval),
        "tail_exponent": tail.tail_exponent,
        "tail_exponent_interval": list(tail.tail_exponent_interval),
        "loglik": tail.log_likelihood,
    }


def frequency_report(
    fit: Frequency, per: Per, contagion: Contagion | None, screened: Mapping[str, int]
) -> dict[str, JSON]:
    """Counts and fits of a column of days."""
    most = max(fit.counts)
    found = _screened(screened)
    if most > 0.25 * sum(fit.counts) and len(fit.counts) > 4:
        name = period_name(fit.first, per, fit.counts.index(most))
        found.append(Warned(
            "one_period", f"{most} of {sum(fit.counts)} fall into {name}: one event or one report "
            "may stand for many", {"count": most, "of": sum(fit.counts), "period": name}))
    if len(fit.counts) < 10:
        found.append(Warned("few_periods",
                            f"{len(fit.counts)} periods say little about dispersion",
                            {"count": len(fit.counts)}))
    if contagion is not None and contagion.chance_if_poisson < 0.05:
        found.append(Warned(
            "contagion", f"events follow events (share {contagion.branching:.0%}, half-life "
            f"{contagion.half_life:.1f} days): contagion, or a trend, a season or "
            "reports in batches, which look the same",
            {"share": contagion.branching, "half_life": contagion.half_life}))
    return {
        "n": sum(fit.counts), "screened": sum(screened.values()),
        "screened_reasons": dict(screened), "per": per,
        "first": fit.first.isoformat(), "last": fit.last.isoformat(),
        "n_periods": len(fit.counts), "counts": list(fit.counts),
        "mean": fit.mean, "variance": fit.variance,
        "dispersion": fit.dispersion, "chance_if_poisson": fit.chance_if_poisson,
        "poisson": _count(fit.poisson), "negative_binomial": _count(fit.negative_binomial),
        "preferred": fit.preferred,
        "self_exciting": None if contagion is None else _contagion(contagion),
        **said(found),
    }


def _contagion(fit: Contagion) -> dict[str, JSON]:
    return {"days": fit.days, "base": fit.base, "branching": fit.branching, "decay": fit.decay,
            "half_life_days": fit.half_life, "loglik": fit.log_likelihood,
            "loglik_equal_days": fit.poisson, "chance_if_poisson": fit.chance_if_poisson}


def delay_report(
    spans: Sequence[Span], end: date, screened: Mapping[str, int]
) -> dict[str, JSON]:
    """Delays and IBNR factors, as reported and with every cluster counted once."""
    early = len(spans)
    spans = since_the_register(spans)
    early -= len(spans)
    grouped = clusters(spans)
    once = without_clusters(spans, grouped)
    found = [*_screened(screened), *(Warned(
        "cluster", f"{one.incidents} of {one.of} incidents of {one.cohort} ({one.share:.0%}) began "
        f"on {one.day.isoformat()}: one vendor's event stands for many",
        {"count": one.incidents, "of": one.of, "cohort": one.cohort, "share": one.share,
         "day": one.day.isoformat()}) for one in grouped)]
    if early:
        found.append(Warned(
            "before_the_source", f"{early} incidents began before the source reported any and are "
            "left out: of their kind only long delays are seen", {"count": early}))
    return {
        "n": len(spans), "before_the_source": early, "screened": sum(screened.values()),
        "screened_reasons": dict(screened), "end": end.isoformat(),
        "as_reported": _delays(spans, end),
        "clusters_once": _delays(once, end),
        "clusters": [{"cohort": one.cohort, "day": one.day.isoformat(),
                      "incidents": one.incidents, "of": one.of, "share": one.share}
                     for one in grouped],
        **said(found),
    }


def _delays(spans: Sequence[Span], end: date) -> dict[str, JSON]:
    delays = estimate_delays(spans, end)
    return {
        "median_days": delays.quantile(0.5), "p90_days": delays.quantile(0.9),
        "known_after": {str(days): delays.known_after(days) for days in _AGES},
        "curve": _curve(delays),
        "cohorts": [{"cohort": one.name, "reported": one.reported, "expected": one.expected,
                     "factor": one.factor} for one in cohorts(spans, delays, end)],
    }


def _curve(delays: Delays) -> list[JSON]:
    """Days and the share known by then, each time a further percent is."""
    points: dict[int, float] = {}
    reached = -1.0
    for days, share in zip(delays.days, delays.chances, strict=True):
        if share >= reached + 0.01 or days == delays.days[-1]:
            points[days] = reached = share
    return [[days, share] for days, share in points.items()]


def _count(fit: CountFit) -> dict[str, JSON]:
    size = {} if fit.free == 1 else {"size": fit.size}
    return {"mean": fit.mean, **size, "loglik": fit.log_likelihood, "aic": fit.aic}
