"""The severity document of losses whose rows have floors of their own or stop at a limit."""

from __future__ import annotations

import numpy as np

from dinghai.experience.bootstrap import parameter_intervals
from dinghai.experience.incident_columns import FlooredLosses
from dinghai.experience.limits import limits_of
from dinghai.experience.report import (
    Wanted,
    Warned,
    about_data,
    about_fits,
    fit_document,
    said,
    severity_report,
    tail_document,
)
from dinghai.experience.severity import FEWEST, fit_candidates
from dinghai.experience.tail import Tail, choose_threshold, fit_tail
from dinghai.foundation.canonical import JSON


def floored_report(losses: FlooredLosses, wanted: Wanted) -> dict[str, JSON]:
    """What ``severity_report`` says, by a likelihood that cuts each row at its own floor and takes
    a censored row for what it is. Where all rows have one floor it is that report.

    ``floor`` is null where rows differ; ``row_floors`` and ``censored`` say how they do. There is
    no spliced law, and limited means are those of all losses, from zero.
    """
    extra: dict[str, JSON] = {
        "unit": losses.unit, "censored": sum(losses.censored),
        "row_floors": {"rows": sum(one > 0.0 for one in losses.floors),
                       "lowest": min(losses.floors, default=0.0),
                       "highest": max(losses.floors, default=0.0)}}
    if not losses.row_wise:
        plain = Wanted(losses.plain_floor, wanted.threshold, wanted.limits, wanted.bootstrap,
                       wanted.seed)
        return {**severity_report(losses.column, plain), **extra}
    sizes, floors, censored = losses.arrays()
    document: dict[str, JSON] = {
        "n": len(sizes), "screened": len(losses.column.screened),
        "screened_reasons": losses.column.reasons(), "floor": None, "candidates": {},
        "tail": None, **extra}
    found = about_data(losses.column, sizes, 0.0)
    if int((~censored).sum()) < FEWEST:
        known = int((~censored).sum())
        found.append(Warned("too_few", f"{known} losses whose size is known are too few to fit: "
                            f"at least {FEWEST} are needed", {"count": known, "least": FEWEST}))
        return {**document, **said(found)}
    if float(sizes.max()) == float(sizes.min()):
        found.append(Warned(
            "one_amount", "all losses are the same amount: there is no size to fit", {}))
        return {**document, **said(found)}
    fits = fit_candidates(sizes, floors, censored)
    tail = _tail(losses, wanted)
    if tail is None:
        found.append(Warned(
            "no_tail", "too few losses lie above the threshold to fit a tail", {}))
    else:
        document["tail"] = {**tail_document(tail), "threshold_rule": (
            "given" if wanted.threshold is not None else
            "smallest Kolmogorov-Smirnov distance, not below the floor of nine rows in ten")}
    document["candidates"] = {name: fit_document(fit) for name, fit in fits.items()}
    if wanted.limits:
        document["limits"] = {name: limits_of(fit.law, None, wanted.limits)
                              for name, fit in fits.items()}
    if wanted.bootstrap:
        document["intervals"] = {
            name: {key: list(interval) for key, interval in parameters.items()}
            for name, parameters in parameter_intervals(
                sizes, floors, samples=wanted.bootstrap, seed=wanted.seed,
                censored=censored).items()}
    document["best"] = min(fits, key=lambda one: fits[one].aic) if fits else None
    found += about_fits(fits, tail)
    if censored.any():
        cut = int(censored.sum())
        found.append(Warned(
            "censored", f"{cut} of {len(sizes)} losses reached their limit: only that they are at "
            "least so large is known", {"count": cut, "of": len(sizes)}))
    return {**document, **said(found)}


def _tail(losses: FlooredLosses, wanted: Wanted) -> Tail | None:
    """Above the given threshold, or one chosen as in the plain report but not below the lowest
    threshold from which nine tenths of the rows are seen whole."""
    sizes, floors, censored = losses.arrays()
    at = wanted.threshold
    if at is None:
        chosen = choose_threshold(sizes)
        if chosen is None:
            return None
        at = max(chosen, float(np.quantile(floors, 0.9)))
    return fit_tail(sizes, at, floors, censored)
